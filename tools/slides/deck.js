// Fits each figure into the place that its slide leaves, then starts reveal.js. Nothing is loaded from elsewhere.
"use strict";

const SMALLEST = 24;  // pixels of a label, on a slide of 1280 x 720
const BORDER = 6;  // pixels above and below a chart that are empty paper

// In a table of pictures the labels have one size, and the pictures take what is left.
function fitTable(place, inner, sized) {
  const wide = () => inner.offsetWidth <= place.clientWidth, high = () => inner.offsetHeight <= place.clientHeight;
  const widths = new Map(sized.map(e => [e, parseFloat(e.style.width)]));
  const resize = (elements, factor) => elements.forEach(e => e.style.width = `${widths.get(e) * factor}px`);
  inner.style.maxWidth = "none";
  for (const label of inner.querySelectorAll("[style*='font-size']")) label.style.fontSize = `${SMALLEST}px`;
  const rows = sized.filter(e => e.scope == "row"), columns = sized.filter(e => e.scope != "row");
  rows.forEach(e => e.style.width = "190px");
  let factor = 2.2;
  for (resize(columns, factor); !wide() && factor > 0.2; resize(columns, factor)) factor *= 0.96;
  const pictures = columns.filter(e => e.tagName == "IMG");
  for (; !high() && factor > 0.2; resize(pictures, factor)) factor *= 0.96;
}

function fit(place) {
  if (place.querySelector("audio")) return;
  const inner = place.querySelector(".fitted"), chart = place.classList.contains("chart");
  const sized = [...inner.querySelectorAll("figure [style*='width:']")].filter(e => parseFloat(e.style.width));
  const border = chart ? BORDER : 0, width = inner.offsetWidth, height = inner.offsetHeight - 2 * border;
  let scale = 1;
  if (sized.length) fitTable(place, inner, sized);
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
