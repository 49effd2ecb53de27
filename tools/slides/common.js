"use strict";  // what decks and pages for paper have in common

// The rest of a line of code that is too long stands below it, further to the right than where it begins.
function hang(pre) {
  pre.innerHTML = pre.innerHTML.replace(/\n$/, "").split("\n").map(line => `<span class="line">${line}</span>`).join("");
  for (const line of pre.children) {
    const indent = line.textContent.search(/\S|$/);
    line.style.setProperty("--hang", `${Math.min(indent + 4, 40)}ch`);
  }
}

// When the formulas are set, the page's own script goes on.
window.MathJax = {
  tex: {inlineMath: [["$", "$"], ["\\(", "\\)"]], displayMath: [["$$", "$$"], ["\\[", "\\]"]], processEscapes: true},
  options: {enableMenu: false, skipHtmlTags: ["script", "style", "pre", "code"]},
  svg: {fontCache: "none"},
  startup: {pageReady: () => MathJax.startup.defaultPageReady().then(() => start())},
};
