import type { HomePage } from "../views.ts";
import { Page, type Frame } from "./frame.tsx";

/** `/`: what this is, and the way to a repository. */
export function HomeView({ view, frame }: { readonly view: HomePage; readonly frame: Frame }) {
  return (
    <Page title="Experiments" frame={frame}>
      <h1>Experiments</h1>
      <p>
        This is a coordinator of repx. It follows experiments that run on a cluster, and tells the pull request that
        they belong to how they stand.
      </p>
      {view.login === undefined ? (
        <p>
          <a class="button" href="/sign-in?return=%2F">
            Sign in with GitHub
          </a>{" "}
          to see the submissions of the repositories that you may read.
        </p>
      ) : (
        <form method="get" action="/r" class="filter">
          <label>
            Repository
            <input name="repository" placeholder="owner/name" required pattern="[A-Za-z0-9._\-]+/[A-Za-z0-9._\-]+" />
          </label>
          <button type="submit">Show its submissions</button>
        </form>
      )}
    </Page>
  );
}
