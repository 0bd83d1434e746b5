// The first-sync report: who was found on both sides, who not, and what is to be decided before anything is written.

import { fill, h } from "/ui/app.js";

/** Placeholder until the report's shape is known. */
export function drawReport(place) {
  fill(place, h("p", {}));
}
