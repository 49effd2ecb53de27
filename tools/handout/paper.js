"use strict";

async function start() {
  await document.fonts.ready;
  document.querySelectorAll(".code pre, .output pre").forEach(hang);
  document.body.dataset.ready = "yes";
}
