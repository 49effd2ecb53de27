// Fits each figure into the place that its slide leaves, then starts reveal.js. Nothing is loaded from elsewhere.
"use strict";

const SMALLEST = 24;  // pixels of a label, on a slide of 1280 x 720

// A chart is enlarged as a whole. In a table of pictures the labels stay as they are, and the pictures take what is left.
function fit(place) {
  const inner = place.querySelector(".fitted");
  const wide = () => inner.offsetWidth <= place.clientWidth, high = () => inner.offsetHeight <= place.clientHeight;
  const sized = [...inner.querySelectorAll("figure [style*='width:']")].filter(e => parseFloat(e.style.width));
  const widths = new Map(sized.map(e => [e, parseFloat(e.style.width)]));
  const resize = (elements, factor) => elements.forEach(e => e.style.width = `${widths.get(e) * factor}px`);
  let scale = Math.min(place.clientWidth / inner.offsetWidth, place.clientHeight / inner.offsetHeight, 2.2);
  if (sized.length) {
    inner.style.maxWidth = "none";
    for (const label of inner.querySelectorAll("[style*='font-size']")) label.style.fontSize = `${SMALLEST}px`;
    const rows = sized.filter(e => e.scope == "row"), columns = sized.filter(e => e.scope != "row");
    rows.forEach(e => e.style.width = "190px");
    let factor = 2.2;
    for (resize(columns, factor); !wide() && factor > 0.2; resize(columns, factor)) factor *= 0.96;
    const pictures = columns.filter(e => e.tagName == "IMG");
    for (; !high() && factor > 0.2; resize(pictures, factor)) factor *= 0.96;
    scale = 1;
  }
  inner.style.transform = `scale(${scale})`;
  inner.dataset.scale = scale;
  if (place.parentElement.querySelectorAll(".figure").length == 1) {
    place.style.flex = "none";
    place.style.height = `${Math.ceil(inner.offsetHeight * scale)}px`;
  }
}

async function start() {
  await document.fonts.ready;
  await Promise.all([...document.images].map(image => image.decode().catch(() => null)));
  document.querySelectorAll(".frame > .figure").forEach(fit);
  for (const link of document.querySelectorAll(".frame a")) link.target = "_blank";
  document.body.classList.remove("measuring");
  await Reveal.initialize({
    width: 1280, height: 720, margin: 0, center: false, hash: true, transition: "none", slideNumber: "c/t",
    controls: false, pdfSeparateFragments: false, plugins: [RevealNotes],
  });
  document.body.dataset.ready = "yes";
}

window.MathJax = {
  tex: {inlineMath: [["$", "$"], ["\\(", "\\)"]], displayMath: [["$$", "$$"], ["\\[", "\\]"]], processEscapes: true},
  options: {enableMenu: false, skipHtmlTags: ["script", "style", "pre", "code"]},
  svg: {fontCache: "none"},
  startup: {pageReady: () => MathJax.startup.defaultPageReady().then(start)},
};
