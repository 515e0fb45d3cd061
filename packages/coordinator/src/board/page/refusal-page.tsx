import { Page, type Frame } from "./frame.tsx";

/** What is said instead of a page: what happened, and what to do next. */
export function RefusalView(props: {
  readonly error: { readonly code: string; readonly message: string; readonly hint: string };
  readonly frame: Frame;
}) {
  const { code, message, hint } = props.error;
  return (
    <Page title="Nothing to show" frame={props.frame}>
      <h1>Nothing to show</h1>
      <p class="message">
        {message} <code>{code}</code>
      </p>
      <p>{hint}</p>
    </Page>
  );
}
