const tasks: (() => void)[] = [];

/**
 * Runs a task at the end of this turn of the event loop, after everything has been handled that had arrived by then
 * (`setImmediate` runs right after the event loop's poll). What a task puts off in its turn still belongs to this one:
 * commands that are gathered go out with the bytes that are gathered. Tasks do not throw.
 */
export function atEndOfTurn(task: () => void): void {
  if (tasks.push(task) === 1) setImmediate(runTasks);
}

function runTasks(): void {
  try {
    // Also those that are added on the way.
    for (const task of tasks) task();
  } finally {
    tasks.length = 0;
  }
}
