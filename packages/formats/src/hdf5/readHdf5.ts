import { ModelFileError } from "@convoy/core";
import { type AttributeValue, type ReadAttribute, readAttributes } from "./attributes.js";
import { Hdf5Bytes } from "./bytes.js";
import { datasetInfo, type FileTensor, isDataset, readDataset } from "./dataset.js";
import { readLinks } from "./links.js";
import { type Message, readMessages, readSuperblock } from "./objectHeader.js";

export type { AttributeValue } from "./attributes.js";
export type { FileTensor } from "./dataset.js";
export { isHdf5 } from "./objectHeader.js";

/** A group or dataset of an HDF5 file. */
export class Hdf5Object {
  /** Its path from the root: "model_weights/conv2d". */
  readonly path: string;
  readonly #file: Hdf5Bytes;
  readonly #address: number;
  #links: Map<string, number> | undefined;
  #attributes: Map<string, ReadAttribute> | undefined;
  /** Those that were asked for, so that nothing is read twice. */
  readonly #children = new Map<string, Hdf5Object>();

  /** Headers of the file by address: several names may lead to one object. */
  readonly #headers: Map<number, readonly Message[]>;

  constructor(file: Hdf5Bytes, address: number, path: string, headers: Map<number, readonly Message[]> = new Map()) {
    this.#file = file;
    this.#address = address;
    this.path = path;
    this.#headers = headers;
  }

  /** Whether it is a dataset; otherwise a group. */
  get isDataset(): boolean {
    return isDataset(this.#read());
  }

  /** Names of what is in the group. */
  get names(): readonly string[] {
    return [...this.#linked().keys()];
  }

  /** Names of its attributes. */
  get attributeNames(): readonly string[] {
    return [...this.#attributed().keys()];
  }

  /** Value of an attribute; undefined where there is none or it is no text and no number. */
  attribute(name: string): AttributeValue {
    return this.#attributed().get(name)?.();
  }

  /** The object at a path from here; undefined where there is none. */
  get(path: string): Hdf5Object | undefined {
    let object: Hdf5Object = this;
    // A name may itself hold slashes only as separators; empty parts count for nothing.
    for (const name of path.split("/").filter((part) => part !== "")) {
      const child: Hdf5Object | undefined = object.#child(name);
      if (child === undefined) {
        return undefined;
      }
      object = child;
    }
    return object;
  }

  #child(name: string): Hdf5Object | undefined {
    const known = this.#children.get(name);
    const address = this.#linked().get(name);
    if (known !== undefined || address === undefined) {
      return known;
    }
    const child = new Hdf5Object(this.#file, address, this.path === "" ? name : `${this.path}/${name}`, this.#headers);
    this.#children.set(name, child);
    return child;
  }

  /** Shape of a dataset. */
  get shape(): readonly number[] {
    return datasetInfo(this.#file, this.#read(), this.path).shape;
  }

  /** The numbers of a dataset. Throws `ModelFileError` where it is none, or one of something else than numbers. */
  tensor(): FileTensor {
    if (!this.isDataset) {
      throw new ModelFileError(`HDF5: ${this.path || "/"} is a group, expected a dataset`);
    }
    return readDataset(this.#file, this.#read(), this.path);
  }

  #read(): readonly Message[] {
    const known = this.#headers.get(this.#address);
    if (known !== undefined) {
      return known;
    }
    const messages = readMessages(this.#file, this.#address);
    this.#headers.set(this.#address, messages);
    return messages;
  }

  #linked(): Map<string, number> {
    this.#links ??= readLinks(this.#file, this.#read());
    return this.#links;
  }

  #attributed(): Map<string, ReadAttribute> {
    this.#attributes ??= readAttributes(this.#file, this.#read());
    return this.#attributes;
  }
}

/**
 * The root group of an HDF5 file. Everything is read when it is asked for, within bounds that the length of the file sets: files
 * that are damaged or made to do harm end in `ModelFileError`.
 * @param source bytes of the archive that the file was unpacked from; default its own
 */
export function readHdf5(bytes: Uint8Array, source?: number): Hdf5Object {
  const file = new Hdf5Bytes(bytes, source);
  return new Hdf5Object(file, readSuperblock(file), "");
}
