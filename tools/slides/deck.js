// Fits each figure into the place that its slide leaves, then starts reveal.js. Nothing is loaded from elsewhere.
"use strict";

const SMALLEST = 24;  // pixels of a label, on a slide of 1280 x 720
const BORDER = 6;  // pixels above and below a chart that are empty paper
const LABEL = 190;  // pixels of a label beside pictures, before it goes on below
const BETTER = 1.15;  // pictures that would be so much wider are worth another arrangement

// In a table of pictures the labels have one size, and the pictures take what is left. Returns how wide they are.
function fitTable(place, inner) {
  const wide = () => inner.offsetWidth <= place.clientWidth, high = () => inner.offsetHeight <= place.clientHeight;
  const sized = [...inner.querySelectorAll("figure [style*='width:']:not([scope=row])")].filter(e => parseFloat(e.style.width));
  const resize = (elements, factor) => elements.forEach(e => e.style.width = `${e.dataset.width * factor}px`);
  for (const e of sized) e.dataset.width ??= parseFloat(e.style.width);
  let factor = 2.2;
  for (resize(sized, factor); !wide() && factor > 0.2; resize(sized, factor)) factor *= 0.96;
  const pictures = sized.filter(e => e.tagName == "IMG");
  for (; !high() && factor > 0.2; resize(pictures, factor)) factor *= 0.96;
  return Math.min(...pictures.map(e => e.offsetWidth));
}

// The ways in which a table of pictures may stand, the first as it is: a grid with other numbers of columns, and a
// strip that has more rows than columns in two halves, side by side.
function waysOf(table) {
  const body = table.tBodies[0], rows = [...body.rows];
  if (table.getAttribute("role") == "presentation") {
    const cells = [...table.querySelectorAll("td")], own = rows[0].cells.length;
    const ways = new Set([own, ...cells.map((_, i) => Math.ceil(cells.length / (i + 1)))]);
    return [...ways].map(columns => () => body.replaceChildren(...cells.flatMap((_, i) => {
      if (i % columns) return [];
      const row = rows[0].cloneNode(false);
      row.append(...cells.slice(i, i + columns));
      return [row];
    })));
  }
  const [head, ...rest] = rows, half = Math.ceil(rest.length / 2), second = table.cloneNode(false);
  const asItIs = () => { second.remove(); body.append(...rest); };
  const inHalves = () => {
    second.replaceChildren(body.cloneNode(false));
    second.firstChild.append(head.cloneNode(true), ...rest.slice(half));
    table.after(second);
  };
  const single = head.querySelector("[scope=col]") && !rest.some(row => row.querySelector("[scope=col]"));
  return single && rest.length >= head.cells.length ? [asItIs, inHalves] : [asItIs];
}

function fitPictures(place, inner) {
  inner.style.maxWidth = "none";
  for (const label of inner.querySelectorAll("[style*='font-size']")) label.style.fontSize = `${SMALLEST}px`;
  for (const label of inner.querySelectorAll("[scope=row]")) if (label.offsetWidth > LABEL) label.style.width = `${LABEL}px`;
  const tables = inner.querySelectorAll("table"), ways = tables.length == 1 ? waysOf(tables[0]) : [() => {}];
  const widths = ways.map((way, i) => (way(), fitTable(place, inner) / (i ? BETTER : 1)));
  ways[widths.indexOf(Math.max(...widths))]();
  fitTable(place, inner);
}

function fit(place) {
  if (place.querySelector("audio")) return;
  const inner = place.querySelector(".fitted"), chart = place.classList.contains("chart");
  const pictures = inner.querySelector("figure table img");
  const border = chart ? BORDER : 0, width = inner.offsetWidth, height = inner.offsetHeight - 2 * border;
  let scale = 1;
  if (pictures) fitPictures(place, inner);
  else scale = Math.min(place.clientWidth / width, place.clientHeight / height, 2.2);
  const left = chart ? Math.min(40 - 16 * scale, (place.clientWidth - width * scale) / 2) : 0;
  inner.style.transform = `translate(${left}px, ${-border * scale}px) scale(${scale})`;
  inner.dataset.scale = scale;
  if (place.closest(".frame").querySelectorAll(".figure:not(:has(audio))").length == 1) {
    place.style.flex = "none";
    place.style.height = `${Math.ceil((inner.offsetHeight - 2 * border) * scale)}px`;
  }
}

async function start() {
  await document.fonts.ready;
  await Promise.all([...document.images].map(image => image.decode().catch(() => null)));
  document.querySelectorAll(".code pre, .printed pre").forEach(hang);
  document.querySelectorAll(".frame .figure").forEach(fit);
  for (const link of document.querySelectorAll(".frame a")) link.target = "_blank";
  document.body.classList.remove("measuring");
  await Reveal.initialize({
    width: 1280, height: 720, margin: 0, center: false, hash: true, transition: "none", slideNumber: "c/t",
    controls: false, pdfSeparateFragments: false, plugins: [RevealNotes],
  });
  document.body.dataset.ready = "yes";
}
