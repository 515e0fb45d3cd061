/** The script of a picture's page: moving and scaling by mouse, touch and keys, search, and what a box is. */
export const PAGE_SCRIPT = `
"use strict";
const svg = document.querySelector("main svg");
const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
const about = document.querySelector("aside");
const search = document.querySelector("input");
const found = document.querySelector("form output");
const items = [...svg.querySelectorAll("g")];
const arrows = items.filter((item) => item.dataset.from !== undefined);
const boxes = items.filter((item) => item.hasAttribute("tabindex"));
let view = { x: 0, y: 0, width, height };
const show = () => svg.setAttribute("viewBox", [view.x, view.y, view.width, view.height].join(" "));
const fit = () => { view = { x: 0, y: 0, width, height }; show(); };
const move = (x, y) => { view.x += x; view.y += y; show(); };
const zoom = (factor, x = view.x + view.width / 2, y = view.y + view.height / 2) => {
  const size = Math.min(width * 4, Math.max(width / 40, view.width / factor));
  const scale = size / view.width;
  view = { x: x - (x - view.x) * scale, y: y - (y - view.y) * scale, width: size, height: view.height * scale };
  show();
};
const place = (event) => new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
svg.addEventListener("wheel", (event) => {
  event.preventDefault();
  const { x, y } = place(event);
  zoom(Math.exp(-event.deltaY / 400), x, y);
}, { passive: false });
let held;
svg.addEventListener("pointerdown", (event) => { held = place(event); svg.setPointerCapture(event.pointerId); });
svg.addEventListener("pointermove", (event) => {
  if (held === undefined) return;
  const now = place(event);
  move(held.x - now.x, held.y - now.y);
});
for (const name of ["pointerup", "pointercancel"]) svg.addEventListener(name, () => { held = undefined; });
const keys = { "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), 0: fit };
for (const [key, x, y] of [["ArrowLeft", -1, 0], ["ArrowRight", 1, 0], ["ArrowUp", 0, -1], ["ArrowDown", 0, 1]]) {
  keys[key] = () => move((x * view.width) / 10, (y * view.height) / 10);
}
document.addEventListener("keydown", (event) => {
  if (event.target === search || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = keys[event.key];
  if (act === undefined) return;
  event.preventDefault();
  act();
});
for (const button of document.querySelectorAll("button")) {
  button.addEventListener("click", () => keys[button.dataset.key]());
}
const tell = (item) => {
  const title = item.querySelector("title");
  if (title !== null) about.textContent = title.textContent.replaceAll("\\n", "  \\u00b7  ");
  for (const arrow of arrows) {
    arrow.classList.toggle("near", arrow.dataset.from === item.id || arrow.dataset.to === item.id);
  }
};
for (const item of items) item.addEventListener("pointerenter", () => tell(item));
for (const box of boxes) box.addEventListener("focus", () => tell(box));
const look = () => {
  const words = search.value.trim().toLowerCase().split(/\\s+/).filter((word) => word !== "");
  let count = 0;
  for (const box of boxes) {
    const text = box.getAttribute("aria-label").toLowerCase();
    const isFound = words.length > 0 && words.every((word) => text.includes(word));
    box.classList.toggle("found", isFound);
    box.classList.toggle("dimmed", words.length > 0 && !isFound);
    count += isFound ? 1 : 0;
  }
  for (const arrow of arrows) arrow.classList.toggle("dimmed", words.length > 0);
  found.textContent = words.length === 0 ? "" : count + " found";
};
search.addEventListener("input", look);
document.querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const first = boxes.find((box) => box.classList.contains("found"));
  if (first === undefined) return;
  const box = first.getBBox();
  view = { x: box.x + box.width / 2 - view.width / 2, y: box.y + box.height / 2 - view.height / 2, width: view.width, height: view.height };
  show();
  first.focus();
});
`;
