/**
 * Orders nodes so that each comes after those that it needs; otherwise as they were. A list that several nodes share is
 * walked once. `refuse` makes the error for a cycle, which is given with its first node again at its end.
 */
export function orderNodes<Node extends string>(
  nodes: Iterable<Node>,
  listNeeded: (node: Node) => readonly Node[],
  refuse: (cycle: readonly Node[]) => Error,
): Node[] {
  const order: Node[] = [];
  const states = new Map<Node, "open" | "done">();
  const walked = new Set<readonly Node[]>();
  // An explicit stack: a chain may be longer than the call stack is deep.
  const path: { readonly node: Node; readonly needed: readonly Node[]; next: number }[] = [];
  const enter = (node: Node): void => {
    const needed = listNeeded(node);
    states.set(node, "open");
    path.push({ node, needed, next: walked.has(needed) ? needed.length : 0 });
  };
  for (const root of nodes) {
    if (!states.has(root)) enter(root);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const next = top.needed[top.next++];
      if (next === undefined) {
        states.set(top.node, "done");
        walked.add(top.needed);
        order.push(top.node);
        path.pop();
      } else if (states.get(next) === "open") throw refuse(closeCycle(path, next));
      else if (!states.has(next)) enter(next);
    }
  }
  return order;
}

function closeCycle<Node>(path: readonly { readonly node: Node }[], closing: Node): Node[] {
  const nodes = path.map(({ node }) => node);
  return [...nodes.slice(nodes.indexOf(closing)), closing];
}
