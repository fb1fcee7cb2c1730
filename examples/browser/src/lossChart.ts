/** The curve of the loss: every step as a faint dot, a running mean as a line, on a logarithmic axis. */
export class LossChart {
  readonly #canvas: HTMLCanvasElement;
  #losses: number[] = [];
  #steps = 1;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    new ResizeObserver(() => this.#draw()).observe(canvas);
    // Its colours are pixels, which do not change with the page's.
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
  }

  /** Begins a new curve. */
  begin(): void {
    this.#losses = [];
    this.#draw();
  }

  /** Adds losses; `done` of 1 is done, which says how long the axis is. */
  add(losses: readonly number[], done: number): void {
    this.#losses.push(...losses);
    this.#steps = Math.max(1, Math.round(this.#losses.length / done));
    this.#draw();
  }

  #draw(): void {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    this.#canvas.width = Math.round(width * devicePixelRatio);
    this.#canvas.height = Math.round(height * devicePixelRatio);
    const pen = this.#canvas.getContext("2d")!;
    pen.scale(devicePixelRatio, devicePixelRatio);
    const { color: ink, caretColor: quiet, borderTopColor: line } = getComputedStyle(this.#canvas);
    const [low, high] = [0.01, 10];
    const left = 44;
    const toX = (step: number): number => left + ((width - left - 10) * step) / this.#steps;
    const toY = (loss: number): number =>
      10 + (height - 20) * (1 - Math.log(Math.min(high, Math.max(low, loss)) / low) / Math.log(high / low));
    pen.font = "12px system-ui, sans-serif";
    pen.textBaseline = "middle";
    pen.lineWidth = 1;
    for (const mark of [0.01, 0.1, 1, 10]) {
      pen.fillStyle = quiet;
      pen.fillText(String(mark), 6, toY(mark));
      pen.strokeStyle = line;
      pen.beginPath();
      pen.moveTo(left, toY(mark));
      pen.lineTo(width - 10, toY(mark));
      pen.stroke();
    }
    pen.fillStyle = quiet;
    for (const [step, loss] of this.#losses.entries()) {
      pen.fillRect(toX(step + 1) - 1, toY(loss) - 1, 2, 2);
    }
    pen.strokeStyle = ink;
    pen.lineWidth = 3;
    pen.beginPath();
    let mean = this.#losses[0] ?? 0;
    this.#losses.forEach((loss, step) => {
      mean += (loss - mean) * 0.15;
      pen.lineTo(toX(step + 1), toY(mean));
    });
    pen.stroke();
  }
}
