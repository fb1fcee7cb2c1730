/**
 * groupNorm mean[n,g] and variance[n,g] over the positions and channels of group g in sample n, y = gamma xhat + beta with xhat =
 * (x - mean) / sqrt(variance + epsilon); groupNormBackwardSums scaleGradient[c] = sum over n and positions of dy xhat,
 * offsetGradient[c] = sum of dy; groupNormBackwardInput dx = (d - average(d) - xhat average(d xhat)) / sqrt(variance +
 * epsilon), where d = gamma dy and averages are over the group. x, y, dy, dx: [N,positions,C]; mean, variance: [N,groups].
 *
 * Cost: x is read three times, from the second time on from the cache where a sample fits into it, and y written once; the
 * gradient reads dy and x twice. One task is a sample, in groupNormBackwardSums a block of samples: batches of fewer samples
 * than threads leave some without work. Idea: sums by channel over wide rows (see channels.ts), which are added up by group
 * in float64; the second pass takes differences from the mean, so that nothing cancels. For one position see
 * groupNormRuns.ts.
 *
 * Not measured yet.
 */

import { channelProducts, channelSquares, channelSums, scaledGradient, shiftAndScale, spread } from "./channels";
import { GroupNormArgs, GroupNormBackwardInputArgs, GroupNormBackwardSumsArgs, GroupsArgs } from "./generated/args";
import { vectorTable } from "./normalize";
import { scratch } from "./step";

/** A table with the number of each channel's group. */
function groupTable(args: GroupsArgs, table: usize, values: usize): void {
  const size = args.channels / args.groups;
  let to = table;
  for (let g = 0; g < args.groups; g++) {
    const value = load<f32>(values + ((<usize>g) << 2));
    for (let c = 0; c < size; c++) {
      store<f32>(to, value);
      to += 4;
    }
  }
  spread(table, args.channels, args.width);
}

/** totals[g] += the numbers of group g, times those of `factors` unless that is 0, in `rows` rows of channels. */
function addByGroup(args: GroupsArgs, values: usize, factors: usize, rows: i32, totals: usize): void {
  const size = args.channels / args.groups;
  for (let r = 0; r < rows; r++) {
    let factor = factors;
    for (let g = 0; g < args.groups; g++) {
      const total = totals + ((<usize>g) << 3);
      let sum = load<f64>(total);
      for (let c = 0; c < size; c++) {
        const value = <f64>load<f32>(values);
        sum += factors !== 0 ? value * <f64>load<f32>(factor) : value;
        values += 4;
        factor += 4;
      }
      store<f64>(total, sum);
    }
  }
}

// @inline
function tableBytes(args: GroupsArgs): usize {
  return (<usize>args.width) << 2;
}

/** Rows of channels in a wide row, and those behind the last wide row of a sample. */
// @inline
function together(args: GroupsArgs): i32 {
  return args.width / args.channels;
}

// @inline
function restRows(args: GroupsArgs): i32 {
  return args.positions - args.wideRows * together(args);
}

/** One task: a sample. Scratch memory: tables of means, factors and betas, sums by channel, totals by group. */
export function groupNorm(args: GroupNormArgs, task: i32): void {
  const step = tableBytes(args);
  const tables = scratch();
  const sums = tables + 3 * step;
  const totals = sums + step;
  const groups = args.groups;
  const totalBytes = (<usize>groups) << 3;
  const length = args.positions * args.channels;
  const x = args.x + <usize>task * ((<usize>length) << 2);
  const rest = x + <usize>args.wideRows * step;
  const size = <f64>(length / groups);
  const mean = args.mean + <usize>task * ((<usize>groups) << 2);
  const variance = args.variance + <usize>task * ((<usize>groups) << 2);

  memory.fill(totals, 0, totalBytes);
  for (let r = 0; r < args.wideRows; r += args.chunk) {
    channelSums(x + <usize>r * step, min(args.chunk, args.wideRows - r), args.width, sums);
    addByGroup(args, sums, 0, together(args), totals);
  }
  addByGroup(args, rest, 0, restRows(args), totals);
  for (let g = 0; g < groups; g++) {
    store<f32>(mean + ((<usize>g) << 2), <f32>(load<f64>(totals + ((<usize>g) << 3)) / size));
  }
  groupTable(args, tables, mean);

  memory.fill(totals, 0, totalBytes);
  for (let r = 0; r < args.wideRows; r += args.chunk) {
    channelSquares(x + <usize>r * step, min(args.chunk, args.wideRows - r), args.width, tables, sums);
    addByGroup(args, sums, 0, together(args), totals);
  }
  for (let r = 0; r < restRows(args); r++) {
    const row = rest + <usize>(r * args.channels) * 4;
    for (let c: usize = 0; c < (<usize>args.channels) << 2; c += 4) {
      const difference = load<f32>(row + c) - load<f32>(tables + c);
      store<f32>(sums + c, difference * difference);
    }
    addByGroup(args, sums, 0, 1, totals);
  }
  for (let g = 0; g < groups; g++) {
    const value = <f32>(load<f64>(totals + ((<usize>g) << 3)) / size);
    store<f32>(variance + ((<usize>g) << 2), value);
    store<f32>(totals + ((<usize>g) << 2), 1 / sqrt(value + args.epsilon));
  }
  groupTable(args, tables + step, totals);
  if (args.gamma !== 0) {
    vectorTable(sums, args.gamma, args.channels, args.width);
    for (let c: usize = 0; c < step; c += 16) {
      v128.store(tables + step + c, f32x4.mul(v128.load(tables + step + c), v128.load(sums + c)));
    }
  }
  vectorTable(tables + 2 * step, args.beta, args.channels, args.width);
  shiftAndScale(x, args.y + <usize>task * ((<usize>length) << 2), length, tables, args.width);
}

/** A table of 1 / sqrt(variance + epsilon) of a sample's groups. */
function inverseGroups(args: GroupsArgs, table: usize, variance: usize): void {
  groupTable(args, table, variance);
  for (let c: usize = 0; c < tableBytes(args); c += 16) {
    const root = f32x4.sqrt(f32x4.add(v128.load(table + c), f32x4.splat(args.epsilon)));
    v128.store(table + c, f32x4.div(f32x4.splat(1), root));
  }
}

/** One task: a block of samples. Scratch memory: means, inverses, two sums of a chunk, two of all. */
export function groupNormBackwardSums(args: GroupNormBackwardSumsArgs, task: i32): void {
  const step = tableBytes(args);
  const means = scratch();
  const inverses = means + step;
  const sums = inverses + step;
  const products = sums + step;
  const scale = products + step;
  const offset = scale + step;
  const channels = args.channels;
  const bytes = <usize>(args.positions * channels) * 4;
  memory.fill(scale, 0, 2 * step);
  const end = min((task + 1) * args.sampleBlock, args.samples);
  for (let n = task * args.sampleBlock; n < end; n++) {
    const dy = args.dy + <usize>n * bytes;
    const x = args.x + <usize>n * bytes;
    const statistics = (<usize>(n * args.groups)) << 2;
    groupTable(args, means, args.mean + statistics);
    inverseGroups(args, inverses, args.variance + statistics);
    for (let r = 0; r < args.wideRows; r += args.chunk) {
      const at = <usize>r * step;
      channelProducts(dy + at, x + at, min(args.chunk, args.wideRows - r), args.width, means, sums, products);
      for (let v: usize = 0; v < step; v += 16) {
        const product = f32x4.mul(v128.load(products + v), v128.load(inverses + v));
        v128.store(scale + v, f32x4.add(v128.load(scale + v), product));
        v128.store(offset + v, f32x4.add(v128.load(offset + v), v128.load(sums + v)));
      }
    }
    for (let r = 0; r < restRows(args); r++) {
      const row = <usize>args.wideRows * step + <usize>(r * channels) * 4;
      for (let c: usize = 0; c < (<usize>channels) << 2; c += 4) {
        const gradient = load<f32>(dy + row + c);
        const normalized = (load<f32>(x + row + c) - load<f32>(means + c)) * load<f32>(inverses + c);
        store<f32>(scale + c, load<f32>(scale + c) + gradient * normalized);
        store<f32>(offset + c, load<f32>(offset + c) + gradient);
      }
    }
  }
  const place = <usize>(task * channels) * 4;
  foldRows(args, scale, args.scalePartials + place);
  foldRows(args, offset, args.offsetPartials + place);
}

/** y[c] = the sum of the numbers of channel c in a table. */
function foldRows(args: GroupsArgs, table: usize, y: usize): void {
  const bytes = (<usize>args.channels) << 2;
  for (let c: usize = 0; c < bytes; c += 4) {
    let sum: f32 = 0;
    for (let v = c; v < tableBytes(args); v += bytes) sum += load<f32>(table + v);
    store<f32>(y + c, sum);
  }
}

/** One task: a sample. Scratch memory: the five tables of `scaledGradient`, two sums by channel, two totals by group. */
export function groupNormBackwardInput(args: GroupNormBackwardInputArgs, task: i32): void {
  const step = tableBytes(args);
  const means = scratch();
  const offsets = means + step;
  const inverses = offsets + step;
  const slopes = inverses + step;
  const gammas = slopes + step;
  const sums = gammas + step;
  const products = sums + step;
  const totals = products + step;
  const groups = args.groups;
  const groupBytes = (<usize>groups) << 3;
  const channelBytes = (<usize>args.channels) << 2;
  const length = args.positions * args.channels;
  const at = <usize>task * ((<usize>length) << 2);
  const dy = args.dy + at;
  const x = args.x + at;
  const statistics = (<usize>(task * groups)) << 2;
  groupTable(args, means, args.mean + statistics);
  inverseGroups(args, inverses, args.variance + statistics);
  if (args.gamma !== 0) vectorTable(gammas, args.gamma, args.channels, args.width);
  else for (let v: usize = 0; v < step; v += 16) v128.store(gammas + v, f32x4.splat(1));

  memory.fill(totals, 0, 2 * groupBytes);
  for (let r = 0; r < args.wideRows; r += args.chunk) {
    const row = <usize>r * step;
    channelProducts(dy + row, x + row, min(args.chunk, args.wideRows - r), args.width, means, sums, products);
    addByGroup(args, sums, gammas, together(args), totals);
    addByGroup(args, products, gammas, together(args), totals + groupBytes);
  }
  for (let r = 0; r < restRows(args); r++) {
    const row = <usize>args.wideRows * step + <usize>r * channelBytes;
    for (let c: usize = 0; c < channelBytes; c += 4) {
      const difference = load<f32>(x + row + c) - load<f32>(means + c);
      store<f32>(products + c, load<f32>(dy + row + c) * difference);
    }
    addByGroup(args, dy + row, gammas, 1, totals);
    addByGroup(args, products, gammas, 1, totals + groupBytes);
  }
  const size = <f64>(length / groups);
  const first = sums;
  const second = products;
  for (let g = 0; g < groups; g++) {
    const variance = <f64>load<f32>(args.variance + statistics + ((<usize>g) << 2)) + <f64>args.epsilon;
    const total = totals + ((<usize>g) << 3);
    store<f32>(first + ((<usize>g) << 2), <f32>(load<f64>(total) / size));
    const slope = load<f64>(total + groupBytes) / size / (variance * sqrt(variance));
    store<f32>(second + ((<usize>g) << 2), <f32>slope);
  }
  groupTable(args, offsets, first);
  groupTable(args, slopes, second);
  scaledGradient(dy, x, args.dx + at, length, means, args.width);
}
