/** As on a machine that LevelDB has no build for: loading its native module fails. */
const dlopen = process.dlopen;
process.dlopen = function (module, filename, ...rest) {
  if (/classic-level/.test(filename)) throw new Error('Exec format error');
  return dlopen.call(this, module, filename, ...rest);
};
