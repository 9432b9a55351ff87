/** Loaded into a measured process: tells its memory after a full collection, and profiles itself, when asked. */
const { Session } = require('node:inspector');
const { writeFileSync } = require('node:fs');

const SAMPLE_EVERY_US = 200;
let session;

const ANSWERS = {
  memory: () => {
    globalThis.gc();
    globalThis.gc();
    const { rss, heapUsed } = process.memoryUsage();
    process.send({ rss, heapUsed });
  },
  'start profile': () => {
    session = new Session();
    session.connect();
    session.post('Profiler.enable');
    session.post('Profiler.setSamplingInterval', { interval: SAMPLE_EVERY_US });
    session.post('Profiler.start', () => process.send({ started: true }));
  },
  'stop profile': ({ file }) => {
    session.post('Profiler.stop', (error, answer) => {
      if (error) throw new Error(error.message);
      writeFileSync(file, JSON.stringify(answer.profile));
      process.send({ file });
    });
  },
};

process.on('message', (question) => ANSWERS[question.ask](question));
process.channel.unref();
