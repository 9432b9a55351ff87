/** Loaded into a measured process: tells its memory when asked, after a full collection. */
process.on('message', (question) => {
  if (question !== 'memory') return;
  globalThis.gc();
  globalThis.gc();
  const { rss, heapUsed } = process.memoryUsage();
  process.send({ rss, heapUsed });
});
process.channel.unref();
