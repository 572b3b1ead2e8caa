import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { AppError } from '../../../shared/errors.ts'
import { cancellation, fromPlainError, type Report, type Task } from './protocol.ts'
import { createSignals, type Signals } from './signals.ts'

const workerFile = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)

// Starting a worker takes some 60 ms, which counts while a container is down: a few wait for the next task.
const idleKept = 2

// A task that a worker is doing.
export type Job = {
  readonly port: MessagePort
  readonly signals: Signals
  // Settles when the worker has stopped working on it, closed its files, and is free again: also after a cancellation.
  readonly result: Promise<unknown>
}

export type WorkerPool = {
  // `onReport` hears of pieces and progress.
  start(task: Task, onReport: (report: Report) => void, signal: AbortSignal | undefined): Job
  // Cancels what is running, waits until it has stopped, and ends the workers.
  close(): Promise<void>
}

export const createWorkerPool = (): WorkerPool => {
  const idle: Worker[] = []
  const running = new Set<Job>()
  let closed = false

  const hire = (): Worker => {
    const worker = new Worker(workerFile)
    // A worker that dies while it waits is no one's failure; it must only not be given work. While it works, `start`
    // listens as well.
    worker.on('error', () => {})
    worker.on('exit', () => {
      const at = idle.indexOf(worker)
      if (at >= 0) idle.splice(at, 1)
    })
    return worker
  }
  const acquire = (): Worker => {
    const worker = idle.pop() ?? hire()
    worker.ref()
    return worker
  }
  const release = (worker: Worker): void => {
    worker.unref()
    if (closed || idle.length >= idleKept) void worker.terminate()
    else idle.push(worker)
  }

  const start: WorkerPool['start'] = (task, onReport, signal) => {
    if (closed) throw new AppError('DRAYAGE_CANCELLED', 'The volume engine has been closed; no more work is taken.')
    const signals = createSignals()
    const { port1: port, port2: workerPort } = new MessageChannel()
    if (signal?.aborted) {
      port.close()
      return { port, signals, result: Promise.reject(cancellation()) }
    }
    const worker = acquire()
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const job: Job = { port, signals, result: promise }

    const end = (settle: () => void): void => {
      worker.off('error', died)
      worker.off('exit', died)
      signal?.removeEventListener('abort', signals.cancel)
      running.delete(job)
      port.close()
      settle()
    }
    const died = (cause: unknown): void =>
      end(() =>
        reject(new AppError('DRAYAGE_INTERNAL', `A worker of the volume engine died: ${String(cause)}`, { cause })),
      )

    worker.once('error', died)
    worker.once('exit', died)
    port.on('message', (report: Report) => {
      if (report.kind === 'done' || report.kind === 'failed') {
        end(() => (report.kind === 'done' ? resolve(report.result) : reject(fromPlainError(report.error))))
        release(worker)
      } else onReport(report)
    })
    signal?.addEventListener('abort', signals.cancel, { once: true })
    running.add(job)
    worker.postMessage({ task, port: workerPort, signals: signals.memory }, [workerPort])
    return job
  }

  return {
    start,
    close: async () => {
      closed = true
      for (const job of running) job.signals.cancel()
      await Promise.allSettled([...running].map((job) => job.result))
      await Promise.all(idle.splice(0).map((worker) => worker.terminate()))
    },
  }
}
