/** Time that all processors of this machine together have spent since it started, in one unit. */
export interface ProcessorTimes {
  readonly idle: number;
  readonly all: number;
}

/** Tells whether this machine's processors are what is short. */
export interface ProcessorLoad {
  isBusy(): boolean;
}

/** Times are counted in hundredths of a second: less than this tells little. */
const LEAST_MS = 100;
/** Work that waits for other work leaves some of the processors idle, however much there is of it. */
const BUSY_IDLE = 0.2;

/** Starts to watch; `now` gives milliseconds that only grow. It counts as idle until something can be told. */
export function startProcessorLoad(readTimes: () => ProcessorTimes, now: () => number): ProcessorLoad {
  let since = { ms: now(), ...readTimes() };
  let isBusy = false;
  return {
    isBusy() {
      const ms = now();
      if (ms - since.ms < LEAST_MS) return isBusy;
      const times = readTimes();
      const passed = times.all - since.all;
      if (passed > 0) isBusy = (times.idle - since.idle) / passed < BUSY_IDLE;
      since = { ms, ...times };
      return isBusy;
    },
  };
}
