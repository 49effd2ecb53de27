"use strict";

async function laidOut() {
  await document.fonts.ready;
  document.querySelectorAll(".code pre, .output pre").forEach(hang);
  document.body.dataset.ready = "yes";
}

window.MathJax = {
  tex: {inlineMath: [["$", "$"], ["\\(", "\\)"]], displayMath: [["$$", "$$"], ["\\[", "\\]"]], processEscapes: true},
  options: {enableMenu: false, skipHtmlTags: ["script", "style", "pre", "code"]},
  svg: {fontCache: "none"},
  startup: {pageReady: () => MathJax.startup.defaultPageReady().then(laidOut)},
};
