import { store } from "#dataset-store";
import { ArgumentError, DatasetError, formatShape } from "../errors.js";
import { Dataset } from "../pipeline/index.js";
import type { Tensor } from "../tensor.js";
import { type IdxHeader, readIdxHeader, readIdxNumbers } from "./idx.js";
import { readNpyHeader, readNpyNumbers } from "./npy.js";
import type { OpenFile } from "./store.js";

/** How the rows of a file lie in it, and how they are read. */
interface RowLayout {
  readonly rows: number;
  readonly rowBytes: number;
  readonly rowShape: readonly number[];
  readonly dataOffset: number;
  readonly numbers: (bytes: Uint8Array) => Tensor["data"];
}

/** Bytes of the file that are read at a time, at least one row. */
const chunkBytes = 2 ** 20;
/** No header is longer. */
const headBytes = 4096;

/**
 * A data set of the rows of an NPY or IDX file, [...shape] of [N, ...shape], which is read as it is gone through: it may be
 * larger than memory. Labels go beside it by `zip(rowsOfFile("images.npy"), rowsOfFile("labels.npy"))`. Packed files have to be
 * unpacked before.
 *
 * @param source the path of a file in Node, a `File` or `Blob` anywhere
 * @throws DatasetError when a pass begins, for a file that is not there, is packed, of another format, or of another length than
 * its header declares
 */
export function rowsOfFile(source: string | URL | Blob): Dataset<Tensor> {
  if (typeof source !== "string" && !(source instanceof URL) && !(source instanceof Blob)) {
    throw new ArgumentError(
      `rowsOfFile: the file is ${source === null ? "null" : typeof source}; pass a path or a Blob`,
    );
  }
  return new Dataset<Tensor>({ size: undefined, open: () => readRows(source) });
}

async function* readRows(source: string | URL | Blob): AsyncGenerator<Tensor, void, undefined> {
  const file = await store.openFile(source);
  try {
    const layout = layoutOf(await file.read(0, Math.min(headBytes, file.size)), file);
    const { rows, rowBytes, rowShape, dataOffset, numbers } = layout;
    const together = Math.max(1, Math.floor(chunkBytes / rowBytes));
    for (let first = 0; first < rows; first += together) {
      const count = Math.min(together, rows - first);
      const bytes = await file.read(dataOffset + first * rowBytes, count * rowBytes);
      for (let row = 0; row < count; row++) {
        // A copy: one row that is kept must not keep all that were read with it.
        yield { data: numbers(bytes.slice(row * rowBytes, (row + 1) * rowBytes)), shape: rowShape };
      }
    }
  } finally {
    await file.close();
  }
}

function layoutOf(head: Uint8Array, { name, size }: OpenFile): RowLayout {
  const { shape, dataOffset, numberBytes, fileBytes, numbers } =
    head[0] === 0x93 ? npyLayout(head, name) : idxLayout(head, name);
  if (fileBytes !== size) {
    throw new DatasetError(
      `${name}: the header declares ${formatShape(shape)}, so the file must end at byte ${fileBytes}, but it ends at byte ${size}; copy it again`,
    );
  }
  const [rows, ...rowShape] = shape;
  if (rows === undefined) {
    throw new DatasetError(`${name}: holds a single number, expected rows: an array [N, ...]`);
  }
  const rowBytes = rowShape.reduce((product, length) => product * length, numberBytes);
  return { rows, rowBytes, rowShape, dataOffset, numbers };
}

interface FileLayout {
  readonly shape: readonly number[];
  readonly dataOffset: number;
  readonly numberBytes: number;
  readonly fileBytes: number;
  readonly numbers: RowLayout["numbers"];
}

function npyLayout(head: Uint8Array, name: string): FileLayout {
  const header = readNpyHeader(head, name);
  if (header === undefined) {
    throw new DatasetError(`${name}: its header does not end within ${head.length} bytes; the file is damaged`);
  }
  if (header.fortranOrder && header.shape.length > 1) {
    throw new DatasetError(
      `${name}: is in Fortran's order, whose rows are all over the file; save it by np.ascontiguousarray`,
    );
  }
  return { ...header, numbers: (bytes) => readNpyNumbers(bytes, header.descr, name) };
}

function idxLayout(head: Uint8Array, name: string): FileLayout {
  const header: IdxHeader = readIdxHeader(head, name);
  return { ...header, numbers: (bytes) => readIdxNumbers(bytes, header) };
}
