/** The style sheet of a picture's page; the drawing's own colours are for light surroundings. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --page: #fff; --ink: #1f2328; --faint: #57606a; --line: #d0d7de; --mark: #bf3989; }
* { box-sizing: border-box; }
body { margin: 0; height: 100vh; display: flex; flex-direction: column; background: var(--page); color: var(--ink); font: 14px/1.45 Helvetica, Arial, sans-serif; }
header { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; padding: .6rem 1rem; border-bottom: 1px solid var(--line); }
h1 { font-size: 1rem; margin: 0; }
form { display: flex; gap: .5rem; align-items: center; }
input { width: 19rem; }
header p { margin: 0; color: var(--faint); flex: 1; }
input, button { font: inherit; color: inherit; background: var(--page); border: 1px solid var(--faint); border-radius: 6px; padding: .25rem .6rem; }
button { min-width: 2.2rem; cursor: pointer; }
main { flex: 1; min-height: 12rem; overflow: hidden; }
main svg { display: block; width: 100%; height: 100%; touch-action: none; cursor: grab; }
aside { min-height: 2.6rem; max-height: 30vh; overflow: auto; padding: .6rem 1rem; border-top: 1px solid var(--line); white-space: pre-wrap; }
details { max-height: 45vh; overflow: auto; border-top: 1px solid var(--line); padding: .6rem 1rem; }
table { border-collapse: collapse; margin-top: .5rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--line); white-space: pre-line; }
svg .dimmed { opacity: .22; }
svg .found > path, svg .near > path { stroke: var(--mark); stroke-width: 2.5; }
svg g:focus { outline: none; }
svg g:focus > path { stroke: var(--mark); stroke-width: 3; }
@media (prefers-color-scheme: dark) {
  :root { --page: #0d1117; --ink: #e6edf3; --faint: #9da7b3; --line: #30363d; --mark: #ff7bc0; }
  svg text { fill: var(--ink); }
  svg text:not([font-weight]) { fill: #b3bcc7; }
  svg .stage > path, svg .job > path { fill: #0c2d4d; stroke: #58a6ff; }
  svg .scatter > path, svg .step > path, svg .gather > path { fill: #3b2a05; stroke: #d29922; }
  svg .run > path, svg .whole-run > path { fill: #161b22; }
  svg .run:not(.label) > path, svg .whole-run > path { stroke: #6e7681; }
  svg .scatter-gather > path { fill: #211a08; }
  svg .scatter-gather:not(.label) > path { stroke: #d29922; }
  svg .label.group > path { fill: var(--page); }
  svg .absent > path { stroke: #8b949e; }
  svg .group:not(.label) > path { stroke: #bc8cff; }
  svg .data > path { stroke: #8b949e; }
  svg .data > path[fill^="#"] { fill: #8b949e; }
  svg .hard > path, svg .soft > path { stroke: #bc8cff; }
  svg .hard > path[fill^="#"], svg .soft > path[fill^="#"] { fill: #bc8cff; }
}
@media print { header form, aside, details { display: none; } }
`;
