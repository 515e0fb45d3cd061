import type { Child } from "hono/jsx";

/** What every page has around it. */
export interface Frame {
  /** Who is signed in. */
  readonly login?: string | undefined;
  /** GitHub's address, for links. */
  readonly github: string;
}

/** A step of the way from the start to a page. */
export interface Crumb {
  readonly name: string;
  readonly href: string;
}

/** A whole page; with `live`, the address of the WebSocket that tells when it has changed. */
export function Page(props: {
  readonly title: string;
  readonly frame: Frame;
  readonly crumbs?: readonly Crumb[];
  readonly live?: string;
  readonly children: Child;
}) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="same-origin" />
        <title>{`${props.title} – repx`}</title>
        <link rel="icon" href="/assets/favicon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/board.css" />
        <script type="module" src="/assets/board.js"></script>
      </head>
      <body data-live={props.live}>
        <a class="skip" href="#content">
          Skip to the content
        </a>
        <Header frame={props.frame} crumbs={props.crumbs ?? []} />
        <main id="content" tabindex={-1}>
          {props.children}
        </main>
      </body>
    </html>
  );
}

function Header({ frame, crumbs }: { readonly frame: Frame; readonly crumbs: readonly Crumb[] }) {
  return (
    <header>
      <nav aria-label="Way to this page">
        <ol class="crumbs">
          <li>
            <a href="/">repx</a>
          </li>
          {crumbs.map(({ name, href }) => (
            <li>
              <a href={href}>{name}</a>
            </li>
          ))}
        </ol>
      </nav>
      <p class="who">
        <span id="live" role="status"></span>
        {frame.login === undefined ? <a href="/sign-in">Sign in</a> : <span>{frame.login}</span>}
      </p>
      {frame.login === undefined ? undefined : (
        <form method="post" action="/sign-out">
          <button type="submit" class="quiet">
            Sign out
          </button>
        </form>
      )}
    </header>
  );
}

/** The way to a repository. */
export function listRepositoryCrumbs(repository: string): Crumb[] {
  return [{ name: repository, href: `/r/${repository}` }];
}

/** The way to a submission. */
export function listSubmissionCrumbs(submission: { readonly id: string; readonly repository: string }): Crumb[] {
  return [
    ...listRepositoryCrumbs(submission.repository),
    { name: submission.id.slice(0, 8), href: `/s/${submission.id}` },
  ];
}
