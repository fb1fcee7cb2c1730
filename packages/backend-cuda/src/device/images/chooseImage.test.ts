import { describe, expect, it } from "vitest";
import { formatComputeCapability, formatDriverVersion, imageChoices } from "./chooseImage.js";

const ptx = { kind: "ptx" };
const cubin = (architecture: number) => ({ kind: "cubin", architecture });

describe("imageChoices", () => {
  it("takes machine code of the device's own architecture, assembly if that fails", () => {
    expect(imageChoices(13000, 90)).toEqual([cubin(90), ptx]);
    expect(imageChoices(13010, 86)).toEqual([cubin(86), ptx]);
  });

  it("takes machine code of an earlier minor version of the same architecture", () => {
    expect(imageChoices(13000, 87)).toEqual([cubin(86), ptx]);
    expect(imageChoices(13000, 103)).toEqual([cubin(100), ptx]);
    expect(imageChoices(13000, 121)).toEqual([cubin(120), ptx]);
  });

  it("takes assembly for an architecture that came later, and for drivers that refuse newer machine code", () => {
    expect(imageChoices(14000, 130)).toEqual([ptx]);
    expect(imageChoices(12090, 90)).toEqual([ptx]);
    expect(imageChoices(11040, 80)).toEqual([ptx]);
  });
});

it("formats versions as NVIDIA does", () => {
  expect(formatDriverVersion(12020)).toBe("12.2");
  expect(formatComputeCapability(89)).toBe("8.9");
  expect(formatComputeCapability(120)).toBe("12.0");
});
