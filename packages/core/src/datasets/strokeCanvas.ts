import type { Stroke } from "./digitStrokes.js";

/** Straight pieces per pair of knots. With eight to twelve knots a digit, pieces are about a pixel long at 28 x 28. */
const PIECES_PER_SPAN = 4;

/**
 * Draws pen strokes on a square of pixels through a signed distance field: every pixel holds its distance to the nearest
 * ink edge (negative inside), so thickness may change along a stroke and edges come out antialiased.
 */
export class StrokeCanvas {
  readonly size: number;
  readonly #distance: Float64Array;

  /** @param size pixels a side */
  constructor(size: number) {
    this.size = size;
    this.#distance = new Float64Array(size * size);
  }

  clear(): void {
    this.#distance.fill(this.size);
  }

  /**
   * A smooth curve through `knots` (uniform Catmull-Rom), knots in pixels, its radius going evenly from `startRadius` to
   * `endRadius` (pixels). `reach` is how far beyond the edge, in pixels, distances are kept: what `coverage` will need.
   */
  draw(knots: Stroke, startRadius: number, endRadius: number, reach: number): void {
    const spans = knots.length - 1;
    let [fromX, fromY] = knots[0] as [number, number];
    let fromRadius = startRadius;
    for (let span = 0; span < spans; span++) {
      const [x1, y1] = knots[span] as [number, number];
      const [x2, y2] = knots[span + 1] as [number, number];
      const [x0, y0] = knots[Math.max(span - 1, 0)] as [number, number];
      const [x3, y3] = knots[Math.min(span + 2, spans)] as [number, number];
      for (let piece = 1; piece <= PIECES_PER_SPAN; piece++) {
        const t = piece / PIECES_PER_SPAN;
        const toX = catmullRom(x0, x1, x2, x3, t);
        const toY = catmullRom(y0, y1, y2, y3, t);
        const toRadius = startRadius + (endRadius - startRadius) * ((span + t) / spans);
        this.#drawPiece(fromX, fromY, fromRadius, toX, toY, toRadius, reach);
        fromX = toX;
        fromY = toY;
        fromRadius = toRadius;
      }
    }
  }

  /** Ink in [0, 1] of pixel (row-major `index`); the edge fades over `softness` pixels. */
  coverage(index: number, softness: number): number {
    const ink = 0.5 - (this.#distance[index] as number) / softness;
    return ink <= 0 ? 0 : ink >= 1 ? 1 : ink;
  }

  /** The capsule from one point to the next: distance to the segment less the radius there. */
  #drawPiece(ax: number, ay: number, ar: number, bx: number, by: number, br: number, reach: number): void {
    const margin = (ar > br ? ar : br) + reach;
    const left = Math.max(0, Math.ceil((ax < bx ? ax : bx) - margin));
    const right = Math.min(this.size - 1, Math.floor((ax > bx ? ax : bx) + margin));
    const top = Math.max(0, Math.ceil((ay < by ? ay : by) - margin));
    const bottom = Math.min(this.size - 1, Math.floor((ay > by ? ay : by) + margin));
    const dx = bx - ax;
    const dy = by - ay;
    const lengthSquared = dx * dx + dy * dy;
    const inverse = lengthSquared > 0 ? 1 / lengthSquared : 0;
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        const t = ((x - ax) * dx + (y - ay) * dy) * inverse;
        const along = t <= 0 ? 0 : t >= 1 ? 1 : t;
        const ex = x - ax - along * dx;
        const ey = y - ay - along * dy;
        const distance = Math.sqrt(ex * ex + ey * ey) - (ar + along * (br - ar));
        const index = y * this.size + x;
        if (distance < (this.#distance[index] as number)) {
          this.#distance[index] = distance;
        }
      }
    }
  }
}

/** Catmull and Rom, 1974: the cubic through p1 (t = 0) and p2 (t = 1) with tangents (p2 - p0) / 2 and (p3 - p1) / 2. */
function catmullRom(p0: number, p1: number, p2: number, p3: number, t: number): number {
  const linear = p2 - p0;
  const quadratic = 2 * p0 - 5 * p1 + 4 * p2 - p3;
  const cubic = 3 * (p1 - p2) + p3 - p0;
  return p1 + 0.5 * t * (linear + t * (quadratic + t * cubic));
}
