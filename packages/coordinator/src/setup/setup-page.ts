// The pages of setting up. No script; every text is escaped by hono's `html`.
import { html } from "hono/html";
import type { NewApp } from "../github/app-manifest.ts";
import { renderPage, type Page } from "../notice-page.ts";

/** Asks for the set-up token, so that it never stands in an address. */
export function renderStart(): Page {
  return renderPage(
    "Set up the GitHub App",
    html`<p>This coordinator has no GitHub App yet. The set-up token is what you deployed it with.</p>
      <form method="post" action="/setup">
        <p>
          <label>Set-up token <input type="password" name="token" required autocomplete="off" /></label>
        </p>
        <p>
          <label>Organisation, if the App is to be one's <input name="organization" autocomplete="off" /></label>
        </p>
        <p><button>Go on</button></p>
      </form>`,
  );
}

/** Leads to GitHub with the manifest. */
export function renderHandOver(url: string, manifest: string): Page {
  return renderPage(
    "Make the App at GitHub",
    html`<p>GitHub shows what the App may do and lets you choose its name.</p>
      <form method="post" action="${url}">
        <input type="hidden" name="manifest" value="${manifest}" />
        <p><button>Make the App at GitHub</button></p>
      </form>`,
  );
}

/** Shows the new App's secrets, once, as the input of one command. */
export function renderSecrets(app: NewApp, sessionSecret: string): Page {
  const secrets = JSON.stringify(
    {
      GITHUB_APP_ID: String(app.id),
      GITHUB_APP_PRIVATE_KEY: app.pem,
      GITHUB_WEBHOOK_SECRET: app.webhook_secret,
      GITHUB_APP_CLIENT_ID: app.client_id,
      GITHUB_APP_CLIENT_SECRET: app.client_secret,
      SESSION_SECRET: sessionSecret,
      // Takes it away: nothing is left to set up.
      SETUP_TOKEN: null,
    },
    undefined,
    2,
  );
  return renderPage(
    "The App is made",
    html`<p>
        <strong>This is shown once.</strong> The coordinator keeps none of it. In <code>packages/coordinator</code>,
        start this command, paste the text below, and press Ctrl-D:
      </p>
      <pre>npx wrangler secret bulk</pre>
      <textarea readonly rows="12" cols="80" aria-label="secrets">${secrets}</textarea>
      <p>
        <a href="${app.html_url}/installations/new">Install the App in your repositories</a>, then see
        <a href="/healthz">/healthz</a>.
      </p>`,
  );
}
