// SPDX-License-Identifier: MIT
// Files of save_onnx give our outputs in onnxruntime-web: 1e-6 in float, 1e-12 in double, relative to
// the outputs, or to 1 where they are smaller.
//
// usage: node onnx_run.cjs PROGRAM NODE_MODULES     (tests/package/onnx_models.cpp)
'use strict';
const {execFileSync} = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');

const [program, modules] = process.argv.slice(2).map((argument) => path.resolve(argument));
let ort;
try {
  ort = require(path.join(modules, 'onnxruntime-web'));
} catch (error) {
  console.log('onnxruntime-web is not there: ' + error.message.split('\n')[0]);
  process.exit(77);
}
ort.env.logLevel = 'error';
ort.env.wasm.numThreads = 1;

// Sets states with a learnt start, which any run of the model gives, for each sequence of a batch.
async function setStarts(states, session, input, batch, tensor) {
  if (!session.outputNames.some((name) => name.startsWith('start_'))) return;
  const results = await session.run({input, ...states});
  for (const name of Object.keys(states)) {
    const start = results['start_' + name];
    if (start === undefined) continue;
    const rows = new Array(batch).fill(Array.from(start.data)).flat();
    states[name] = tensor(rows, [batch, start.dims[1]]);
  }
}

// Runs the calls of one model; each call gets the states that the one before returned, or the first
// ones if the batch is another.
async function largestError(file, test) {
  const session = await ort.InferenceSession.create(new Uint8Array(fs.readFileSync(file)));
  const Numbers = test.type === 'float32' ? Float32Array : Float64Array;
  const tensor = (numbers, shape) => new ort.Tensor(test.type, Numbers.from(numbers), shape);
  const states = {};
  let largest = 0, batchBefore = 0;
  for (const call of test.calls) {
    const batch = call.shape[call.shape.length - 2];
    const input = tensor(call.input, call.shape);
    if (batch !== batchBefore) {
      for (const [name, units] of Object.entries(test.states)) {
        states[name] = tensor(new Array(batch * units).fill(0), [batch, units]);
      }
      await setStarts(states, session, input, batch, tensor);
    }
    batchBefore = batch;
    const results = await session.run({input, ...states});
    for (const name of Object.keys(test.states)) states[name] = results['next_' + name];
    const output = results.output.data;
    if (output.length !== call.output.length) throw new Error(file + ': ' + output.length + ' outputs');
    call.output.forEach((expected, i) => {
      const error = Math.abs(output[i] - expected) / Math.max(1, Math.abs(expected));
      if (!Number.isFinite(error)) throw new Error(`${file}: got ${output[i]}`);
      largest = Math.max(largest, error);
    });
  }
  await session.release();
  return largest;
}

async function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'backfold-'));
  let failures = 0, count = 0;
  try {
    execFileSync(program, [folder], {stdio: 'inherit'});
    for (const name of fs.readdirSync(folder).filter((f) => f.endsWith('.json')).sort()) {
      const test = JSON.parse(fs.readFileSync(path.join(folder, name)));
      const error = await largestError(path.join(folder, name.replace('.json', '.onnx')), test);
      const good = error <= (test.type === 'float32' ? 1e-6 : 1e-12);
      console.log(`${good ? 'ok  ' : 'FAIL'} ${name.replace('.json', '')}: ${error.toExponential(1)}`);
      failures += good ? 0 : 1;
      ++count;
    }
  } finally {
    fs.rmSync(folder, {recursive: true});
  }
  console.log(`${count - failures} passed, ${failures} failed`);
  process.exit(failures > 0 || count === 0 ? 1 : 0);
}
main().catch((error) => { console.error(error); process.exit(1); });
