/** Small helpers for the page. Data only ever becomes text, never markup. */

export function byId(id) {
  return document.getElementById(id);
}

/** An element with properties, attributes (`data-*`, `aria-*`, `role`) and children; strings become text nodes. */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Writes text only where it has changed: live regions announce every write. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Makes the children of a list those of `items`, in order, keeping the element of an item from one time to the
 * next: focus stays, and only what is new is announced.
 */
export function keepList(parent, items, keyOf, { create, update }) {
  const kept = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    let child = kept.get(key);
    if (child === undefined) {
      child = create(item);
      child.dataset.key = key;
    }
    kept.delete(key);
    update(child, item);
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
  }
  for (const child of kept.values()) child.remove();
}

/** A hexagon with the first letter of a name, in a colour of its own. */
export function avatar(name) {
  const shape = el('span', { className: 'avatar', ariaHidden: 'true' }, [...name][0]?.toUpperCase() ?? '?');
  shape.style.setProperty('--hue', hueOf(name));
  return shape;
}

function hueOf(text) {
  let hash = 7;
  for (const char of text) hash = (hash * 31 + char.codePointAt(0)) % 3600;
  return hash / 10;
}
