//! Calls of every shape that can wait: see `worker` in flow.wit.
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::{Poll, Waker};
use wit_bindgen::{FutureReader, StreamReader, backpressure_dec, backpressure_inc, spawn_local, yield_async};

wit_bindgen::generate!({ world: "worker-world", path: "../../wit" });

use exports::demo::flow::worker::{Counts, Guest, GuestJob, Job, JobBorrow, Problem, Reading};

#[derive(Default)]
struct State {
    begun: Cell<u32>,
    finished: Cell<u32>,
    dropped: Cell<u32>,
    running: Cell<u32>,
    most: Cell<u32>,
    jobs: Cell<u32>,
    open: Cell<bool>,
    waiting: RefCell<Vec<Waker>>,
}

thread_local! { static STATE: State = State::default(); }

fn add(to: fn(&State) -> &Cell<u32>, amount: i32) {
    STATE.with(|state| to(state).set(to(state).get().wrapping_add_signed(amount)));
}

/// Counts a call from its beginning to its end, also where that is a cancellation.
struct Call {
    finished: bool,
}

impl Call {
    fn begin() -> Call {
        add(|state| &state.begun, 1);
        add(|state| &state.running, 1);
        STATE.with(|state| state.most.set(state.most.get().max(state.running.get())));
        Call { finished: false }
    }

    fn finish(mut self) {
        self.finished = true;
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        add(|state| &state.running, -1);
        if self.finished {
            add(|state| &state.finished, 1);
        } else {
            add(|state| &state.dropped, 1);
        }
    }
}

struct Work {
    name: String,
    steps: Cell<u32>,
}

impl Drop for Work {
    fn drop(&mut self) {
        add(|state| &state.jobs, -1);
    }
}

impl GuestJob for Work {
    fn new(name: String) -> Self {
        add(|state| &state.jobs, 1);
        Work { name, steps: Cell::new(0) }
    }

    async fn step(&self, turns: u32) -> u32 {
        for _ in 0..turns {
            yield_async().await;
            self.steps.set(self.steps.get() + 1);
        }
        self.steps.get()
    }

    fn steps(&self) -> u32 {
        self.steps.get()
    }

    async fn merge(a: Job, b: Job) -> Job {
        yield_async().await;
        let (a, b) = (a.into_inner::<Work>(), b.into_inner::<Work>());
        let both = Work::new(format!("{}+{}", a.name, b.name));
        both.steps.set(a.steps.get() + b.steps.get());
        Job::new(both)
    }
}

struct Worker;

impl Guest for Worker {
    type Job = Work;

    fn counts_now() -> Counts {
        STATE.with(|state| Counts {
            begun: state.begun.get(),
            finished: state.finished.get(),
            dropped: state.dropped.get(),
            most_at_once: state.most.get(),
            jobs: state.jobs.get(),
        })
    }

    fn hold(on: bool) {
        if on {
            backpressure_inc();
        } else {
            backpressure_dec();
        }
    }

    async fn turns(id: u32, turns: u32) -> u32 {
        let call = Call::begin();
        for _ in 0..turns {
            yield_async().await;
        }
        call.finish();
        id
    }

    async fn hear(go: FutureReader<u32>) -> u32 {
        let call = Call::begin();
        let heard = go.await;
        call.finish();
        heard
    }

    async fn meet(id: u32) -> u32 {
        poll_fn(|context| {
            STATE.with(|state| {
                if state.open.get() {
                    return Poll::Ready(());
                }
                state.waiting.borrow_mut().push(context.waker().clone());
                Poll::Pending
            })
        })
        .await;
        id
    }

    fn open() {
        STATE.with(|state| state.open.set(true));
        for waker in STATE.with(|state| state.waiting.take()) {
            waker.wake();
        }
    }

    async fn at_once(text: String) -> String {
        format!("{text}!")
    }

    async fn look(what: JobBorrow<'_>, turns: u32) -> String {
        let work = what.get::<Work>();
        for _ in 0..turns {
            yield_async().await;
        }
        format!("{} {}", work.name, work.steps.get())
    }

    async fn finish(what: Job) -> String {
        let work = what.into_inner::<Work>();
        yield_async().await;
        format!("{} finished", work.name)
    }

    async fn readings(count: u32) -> StreamReader<Reading> {
        let (mut writer, reader) = wit_stream::new();
        spawn_local(async move {
            let all: Vec<Reading> = (0..count).map(reading).collect();
            writer.write_all(all).await;
        });
        reader
    }

    async fn describe(mut input: StreamReader<Reading>) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(reading) = input.next().await {
            let note = reading.note.as_deref().unwrap_or("-");
            lines.push(format!("{} {} {:?} {note}", reading.at, reading.name, reading.values));
        }
        lines
    }

    async fn later(text: String, turns: u32) -> FutureReader<Result<String, Problem>> {
        let (writer, reader) = wit_future::new(|| Err(Problem::Late(0)));
        spawn_local(async move {
            for _ in 0..turns {
                yield_async().await;
            }
            let value = match text.as_str() {
                "" => Err(Problem::Empty),
                "late" => Err(Problem::Late(turns)),
                _ if text.starts_with('!') => Err(Problem::Unwanted(text)),
                _ => Ok(text.to_uppercase()),
            };
            let _ = writer.write(value).await;
        });
        reader
    }

    async fn settle(value: FutureReader<Result<String, Problem>>) -> String {
        match value.await {
            Ok(text) => format!("ok {text}"),
            Err(Problem::Empty) => "empty".into(),
            Err(Problem::Unwanted(text)) => format!("unwanted {text}"),
            Err(Problem::Late(turns)) => format!("late {turns}"),
        }
    }

    async fn jobs(names: Vec<String>) -> StreamReader<Job> {
        let (mut writer, reader) = wit_stream::new();
        spawn_local(async move {
            for name in names {
                if writer.write_one(Job::new(Work::new(name))).await.is_some() {
                    break;
                }
            }
        });
        reader
    }

    async fn pass(input: StreamReader<u8>) -> StreamReader<u8> {
        input
    }

    async fn counting(count: u32) -> (StreamReader<u32>, FutureReader<u32>) {
        let (mut writer, reader) = wit_stream::new();
        let (rest, answer) = wit_future::new(|| u32::MAX);
        spawn_local(async move {
            let left = writer.write_all((0..count).collect()).await.len();
            drop(writer);
            let _ = rest.write(left as u32).await;
        });
        (reader, answer)
    }
}

fn reading(index: u32) -> Reading {
    Reading {
        at: u64::from(index) << 32 | u64::from(index),
        name: "é".repeat(index as usize % 4),
        values: (0..index % 3).map(|value| value as f32 + 0.5).collect(),
        note: (index % 2 == 1).then(|| format!("note {index}")),
    }
}

export!(Worker);
