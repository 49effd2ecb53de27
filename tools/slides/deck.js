// Fits each figure into the place that its slide leaves, then starts reveal.js. Nothing is loaded from elsewhere.
"use strict";

const SMALLEST = 24;  // pixels of a label, on a slide of 1280 x 720

function fit(place) {
  const inner = place.querySelector(".fitted");
  const labels = [...inner.querySelectorAll("[style*='font-size']"), ...inner.querySelectorAll("div[aria-hidden]")];
  let scale = 1;
  for (let turn = 0; turn < 5; turn++) {
    const width = place.clientWidth / inner.offsetWidth, height = place.clientHeight / inner.offsetHeight;
    scale = Math.min(width, height, 2.2);
    if (!labels.length) break;
    for (const label of labels) label.style.fontSize = `${Math.max(16, SMALLEST / scale)}px`;
  }
  scale = Math.min(place.clientWidth / inner.offsetWidth, place.clientHeight / inner.offsetHeight, 2.2);
  inner.style.transform = `scale(${scale})`;
  inner.dataset.scale = scale;
}

async function start() {
  await document.fonts.ready;
  await Promise.all([...document.images].map(image => image.decode().catch(() => null)));
  document.querySelectorAll(".frame > .figure").forEach(fit);
  for (const link of document.querySelectorAll(".frame a")) link.target = "_blank";
  document.body.classList.remove("measuring");
  await Reveal.initialize({
    width: 1280, height: 720, margin: 0, center: false, hash: true, transition: "none", slideNumber: "c/t",
    controls: true, pdfSeparateFragments: false, plugins: [RevealNotes],
  });
  document.body.dataset.ready = "yes";
}

window.MathJax = {
  tex: {inlineMath: [["$", "$"], ["\\(", "\\)"]], displayMath: [["$$", "$$"], ["\\[", "\\]"]], processEscapes: true},
  options: {enableMenu: false, skipHtmlTags: ["script", "style", "pre", "code"]},
  svg: {fontCache: "none"},
  startup: {pageReady: () => MathJax.startup.defaultPageReady().then(start)},
};
