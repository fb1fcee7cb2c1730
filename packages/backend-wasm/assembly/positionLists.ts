/**
 * Lists by output position: for each position of the convolution's output the filters that have a gradient there, and how
 * much. The input gradient (conv2dBackwardInput.ts) goes through them.
 */

import { Conv2dBackwardInputArgs } from "./generated/args";
import { gradientRow, windowTable } from "./outputGradient";
import { scratch } from "./step";

// @inline
export function divideUp(a: i32, b: i32): i32 {
  return a >= 0 ? (a + b - 1) / b : -(-a / b);
}

/** For every output position of rows [firstOut, lastOut]: which filters have a gradient there, and how much. */
export function buildPositionLists(args: Conv2dBackwardInputArgs, sample: i32, firstOut: i32, lastOut: i32): void {
  const OW = args.OW;
  const counts = scratch() + args.countsOffset;
  const lists = scratch() + args.listsOffset;
  const table = scratch() + args.tableOffset;
  const space = scratch() + args.rowOffset;
  const positions = max(0, lastOut - firstOut + 1) * OW;
  memory.fill(counts, 0, (<usize>positions) << 2);
  windowTable(args, table, OW, 1);
  const windowRows = (args.PH - 1) * args.poolDilationH;
  const firstRow = max(0, divideUp(firstOut + args.poolTop - windowRows, args.poolStrideH));
  const lastRow = min(args.GH - 1, (lastOut + args.poolTop) / args.poolStrideH);
  for (let gh = firstRow; gh <= lastRow; gh++) {
    for (let gw = 0; gw < args.GW; gw++) {
      const place = (gh * args.poolStrideH - args.poolTop - firstOut) * OW + gw * args.poolStrideW - args.poolLeft;
      const at = (<usize>(((sample * args.GH + gh) * args.GW + gw) * args.F)) << 2;
      const g = gradientRow(args, at, args.F, space);
      if (args.argmax !== 0) appendPooled(args, g, args.argmax + at, table, place, counts, lists, positions);
      else append(args, g, place, counts, lists);
    }
  }
}

function appendPooled(
  args: Conv2dBackwardInputArgs,
  g: usize,
  argmax: usize,
  table: usize,
  place: i32,
  counts: usize,
  lists: usize,
  positions: i32,
): void {
  const filterBytes = (args.KH * args.runs * args.runPadded) << 2;
  const listBytes = (<usize>args.capacity) << 3;
  let filter: i32 = 0;
  for (let f = 0; f < args.F; f++) {
    const position = place + load<i32>(table + ((<usize>load<i32>(argmax)) << 2));
    // A window may reach into the rows of another task.
    if (<u32>position < <u32>positions) {
      const counter = counts + ((<usize>position) << 2);
      const count = load<i32>(counter);
      const bits = load<i32>(g);
      const entry = lists + <usize>position * listBytes + ((<usize>count) << 3);
      store<i32>(entry, filter);
      store<i32>(entry, bits, 4);
      // Neither 0 nor -0.
      store<i32>(counter, count + i32(bits << 1 !== 0));
    }
    filter += filterBytes;
    g += 4;
    argmax += 4;
  }
}

function append(args: Conv2dBackwardInputArgs, g: usize, place: i32, counts: usize, lists: usize): void {
  const filterBytes = (args.KH * args.runs * args.runPadded) << 2;
  const list = lists + <usize>place * ((<usize>args.capacity) << 3);
  let entry = list;
  let filter: i32 = 0;
  for (let f = 0; f < args.F; f++) {
    const bits = load<i32>(g);
    store<i32>(entry, filter);
    store<i32>(entry, bits, 4);
    entry += (<usize>(bits << 1 !== 0)) << 3;
    filter += filterBytes;
    g += 4;
  }
  store<i32>(counts + ((<usize>place) << 2), <i32>((entry - list) >> 3));
}
