import { html } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";

/** A page whose texts are escaped. */
export type Page = HtmlEscapedString | Promise<HtmlEscapedString>;

/** A page of a title and what stands below it; it has no script and no style of its own. */
export function renderPage(title: string, body: Page): Page {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} - RepX</title>
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${body}
        </main>
      </body>
    </html>`;
}

/** A page that says something and leads on. */
export function renderNotice(
  title: string,
  texts: readonly string[],
  next: { readonly href: string; readonly label: string },
): Page {
  const paragraphs = texts.map((text) => html`<p>${text}</p>`);
  return renderPage(
    title,
    html`${paragraphs}
      <p><a href="${next.href}">${next.label}</a></p>`,
  );
}
