// SPDX-License-Identifier: Apache-2.0
// Elements of the page. Texts become text nodes and nothing else: whatever a name or a message
// holds, it is shown as it is written.

const SVG = 'http://www.w3.org/2000/svg';

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {}))
    if (value !== null && value !== undefined && value !== false)
      node.setAttribute(name, value === true ? '' : String(value));
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

export function el(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

// Builds the children of a node anew, but only when what they show has changed: so a selected text
// stays selected, and a screen reader says nothing twice.
const shown = new WeakMap();

export function keep(node, state, build) {
  const text = JSON.stringify(state);
  if (shown.get(node) === text)
    return;
  shown.set(node, text);
  node.replaceChildren(...[build(state)].flat().filter((child) => child !== null));
}

// A command to type. One click selects it.
export function command(text) {
  return el('code', {class: 'command', tabindex: '0'}, text);
}
