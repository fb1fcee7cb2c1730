/** The drawing area: by pointer or keyboard, and as an image like those that the network has learned. */

const side = 280;
const penWidth = 20;
const keyStep = 10;
/** As in MNIST: the digit fills 20 x 20 pixels, its centre of mass in the middle of 28 x 28. */
const imageSide = 28;
const digitSide = 20;

const directions: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-keyStep, 0],
  ArrowRight: [keyStep, 0],
  ArrowUp: [0, -keyStep],
  ArrowDown: [0, keyStep],
};

export class Drawing {
  readonly #canvas: HTMLCanvasElement;
  readonly #ink: CanvasRenderingContext2D;
  readonly #paper: HTMLCanvasElement;
  readonly #onChange: () => void;
  #pen = { x: side / 2, y: side / 4, down: false };

  /** Draws on `canvas`; `onChange` is called after each stroke or step of one. */
  constructor(canvas: HTMLCanvasElement, onChange: () => void) {
    this.#canvas = canvas;
    this.#onChange = onChange;
    // Ink alone, without the mark of the keyboard's pen.
    this.#paper = document.createElement("canvas");
    this.#paper.width = side;
    this.#paper.height = side;
    this.#ink = this.#paper.getContext("2d", { willReadFrequently: true })!;
    this.#ink.lineCap = "round";
    this.#ink.lineJoin = "round";
    this.#ink.lineWidth = penWidth;
    this.#ink.strokeStyle = "#fff";
    canvas.addEventListener("pointerdown", (event) => this.#press(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("keydown", (event) => this.#key(event));
    for (const type of ["focus", "blur"]) {
      canvas.addEventListener(type, () => this.#show());
    }
    this.clear();
  }

  clear(): void {
    this.#ink.fillStyle = "#000";
    this.#ink.fillRect(0, 0, side, side);
    this.#pen = { x: side / 2, y: side / 4, down: false };
    this.#changed();
  }

  /** The drawing as bytes [28, 28], or undefined where there is none. */
  image(): Uint8Array | undefined {
    const { data } = this.#ink.getImageData(0, 0, side, side);
    const box = inkBox(data);
    if (box === undefined) {
      return undefined;
    }
    const small = document.createElement("canvas");
    small.width = imageSide;
    small.height = imageSide;
    const pixels = small.getContext("2d", { willReadFrequently: true })!;
    const scale = digitSide / Math.max(box.width, box.height);
    pixels.fillRect(0, 0, imageSide, imageSide);
    pixels.imageSmoothingQuality = "high";
    const toX = imageSide / 2 - (box.centreX - box.left) * scale;
    const toY = imageSide / 2 - (box.centreY - box.top) * scale;
    pixels.drawImage(
      this.#paper,
      box.left,
      box.top,
      box.width,
      box.height,
      toX,
      toY,
      box.width * scale,
      box.height * scale,
    );
    const rgba = pixels.getImageData(0, 0, imageSide, imageSide).data;
    return Uint8Array.from({ length: imageSide ** 2 }, (_, index) => rgba[index * 4]!);
  }

  #press(event: PointerEvent): void {
    this.#canvas.setPointerCapture(event.pointerId);
    const { x, y } = this.#place(event);
    this.#pen = { x, y, down: false };
    this.#lineTo(x, y);
  }

  #move(event: PointerEvent): void {
    if (event.buttons !== 0) {
      const { x, y } = this.#place(event);
      this.#lineTo(x, y);
    }
  }

  #key(event: KeyboardEvent): void {
    const direction = directions[event.key];
    if (direction !== undefined) {
      const x = Math.min(side, Math.max(0, this.#pen.x + direction[0]));
      const y = Math.min(side, Math.max(0, this.#pen.y + direction[1]));
      if (this.#pen.down) {
        this.#lineTo(x, y);
      } else {
        this.#pen = { ...this.#pen, x, y };
        this.#show();
      }
    } else if (event.key === " ") {
      this.#pen.down = !this.#pen.down;
      if (this.#pen.down) {
        this.#lineTo(this.#pen.x, this.#pen.y);
      }
      this.#show();
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.clear();
    } else {
      return;
    }
    event.preventDefault();
  }

  #place(event: PointerEvent): { x: number; y: number } {
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    return { x: ((event.clientX - left) / width) * side, y: ((event.clientY - top) / height) * side };
  }

  #lineTo(x: number, y: number): void {
    this.#ink.beginPath();
    this.#ink.moveTo(this.#pen.x, this.#pen.y);
    this.#ink.lineTo(x, y);
    this.#ink.stroke();
    this.#pen = { ...this.#pen, x, y };
    this.#changed();
  }

  #changed(): void {
    this.#show();
    this.#onChange();
  }

  #show(): void {
    const screen = this.#canvas.getContext("2d")!;
    screen.drawImage(this.#paper, 0, 0);
    if (this.#canvas.matches(":focus-visible")) {
      screen.strokeStyle = this.#pen.down ? "#8ab4f8" : "#9aa4af";
      screen.lineWidth = 2;
      screen.beginPath();
      screen.arc(this.#pen.x, this.#pen.y, penWidth / 2 + 2, 0, 2 * Math.PI);
      screen.stroke();
    }
  }
}

interface InkBox {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly centreX: number;
  readonly centreY: number;
}

/** Bounds and centre of mass of what is bright. */
function inkBox(rgba: Uint8ClampedArray): InkBox | undefined {
  let [left, top, right, bottom, mass, sumX, sumY] = [side, side, -1, -1, 0, 0, 0];
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const ink = rgba[(y * side + x) * 4]!;
      if (ink > 0) {
        left = Math.min(left, x);
        right = Math.max(right, x);
        top = Math.min(top, y);
        bottom = y;
        mass += ink;
        sumX += ink * (x + 0.5);
        sumY += ink * (y + 0.5);
      }
    }
  }
  return right < 0
    ? undefined
    : { left, top, width: right - left + 1, height: bottom - top + 1, centreX: sumX / mass, centreY: sumY / mass };
}
