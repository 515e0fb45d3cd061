import { html } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";

/** A page that says something and leads on; it has no script, and its texts are escaped. */
export function renderNotice(
  title: string,
  texts: readonly string[],
  next: { readonly href: string; readonly label: string },
): HtmlEscapedString | Promise<HtmlEscapedString> {
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
          ${texts.map((text) => html`<p>${text}</p>`)}
          <p><a href="${next.href}">${next.label}</a></p>
        </main>
      </body>
    </html>`;
}
