//! Uses the worker in every way, and says what it saw.
use futures::future::{Either, join, join_all, select};
use futures::stream::{FuturesUnordered, StreamExt};
use std::pin::pin;
use std::task::Poll;
use wit_bindgen::{FutureReader, StreamResult, spawn_local, yield_async};

wit_bindgen::generate!({ world: "driver-world", path: "../../wit" });

use demo::flow::worker::{self, Job, Problem, Reading};

struct Driver;

/// Lets everybody else go first, some times.
async fn others_first() {
    for _ in 0..8 {
        yield_async().await;
    }
}

/// What a future has to say if it is asked once.
fn ready<T>(future: impl Future<Output = T> + Unpin) -> Option<T> {
    let mut future = future;
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match pin!(&mut future).poll(&mut context) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

fn counts() -> String {
    let now = worker::counts_now();
    format!(
        "begun {} finished {} dropped {} at once {} jobs {}",
        now.begun, now.finished, now.dropped, now.most_at_once, now.jobs
    )
}

impl Guest for Driver {
    async fn at_once() -> Vec<String> {
        // A call that needs not wait is done when it is asked for the first time.
        let first = ready(Box::pin(worker::at_once("grüße".into())));
        let second = worker::at_once("x".repeat(100_000)).await;
        vec![format!("{first:?}"), second.len().to_string()]
    }

    async fn concurrent(turns: Vec<u32>) -> Vec<u32> {
        let calls: FuturesUnordered<_> =
            turns.iter().enumerate().map(|(id, turns)| worker::turns(id as u32, *turns)).collect();
        calls.collect().await
    }

    async fn answers(order: Vec<u32>) -> Vec<u32> {
        let (mut writers, mut readers) = (Vec::new(), Vec::new());
        for _ in &order {
            let (writer, reader) = wit_future::new(|| 99);
            writers.push(Some(writer));
            readers.push(reader);
        }
        let calls: FuturesUnordered<_> = readers.into_iter().map(worker::hear).collect();
        let answer = async {
            for index in order {
                others_first().await;
                if let Some(writer) = writers[index as usize].take() {
                    let _ = writer.write(index * 10).await;
                }
            }
        };
        join(calls.collect(), answer).await.0
    }

    async fn cancelled() -> Vec<String> {
        let (writer, reader) = wit_future::new(|| 7);
        let call = Box::pin(worker::hear(reader));
        let mut lines = Vec::new();
        match select(call, pin!(others_first())).await {
            Either::Left((heard, _)) => lines.push(format!("heard {heard}")),
            Either::Right(((), call)) => {
                lines.push(counts());
                drop(call);
                lines.push(counts());
            }
        }
        // The reading end went with the call.
        lines.push(format!("written {}", writer.write(8).await.is_ok()));
        lines.push(format!("next {}", worker::turns(3, 3).await));
        lines.push(counts());
        lines
    }

    async fn cancelled_before() -> Vec<String> {
        let (a, b) = (Job::new("a"), Job::new("b"));
        worker::hold(true);
        let call = Box::pin(Job::merge(a, b));
        let mut lines = Vec::new();
        match select(call, pin!(others_first())).await {
            Either::Left(_) => lines.push("merged in spite of back-pressure".into()),
            Either::Right(((), call)) => {
                lines.push(counts());
                drop(call);
                // What was not taken came back, and was dropped with the call.
                lines.push(counts());
            }
        }
        worker::hold(false);
        lines.push(worker::at_once("after".into()).await);
        lines
    }

    async fn meetings(ids: Vec<u32>) -> Vec<u32> {
        let calls: FuturesUnordered<_> = ids.into_iter().map(worker::meet).collect();
        let open = async {
            others_first().await;
            worker::open();
        };
        let mut met: Vec<u32> = join(calls.collect(), open).await.0;
        met.sort();
        met
    }

    async fn pressure() -> Vec<String> {
        let mut lines = Vec::new();
        worker::hold(true);
        let call = Box::pin(worker::turns(5, 1));
        let call = match select(call, pin!(others_first())).await {
            Either::Left(_) => return vec!["began in spite of back-pressure".into()],
            Either::Right(((), call)) => call,
        };
        lines.push(counts());
        worker::hold(false);
        lines.push(call.await.to_string());
        lines.push(counts());
        lines
    }

    async fn many(calls: u32) -> Vec<String> {
        let answers = join_all((0..calls).map(|id| worker::turns(id, 2))).await;
        let sum: u64 = answers.into_iter().map(u64::from).sum();
        vec![sum.to_string(), counts()]
    }

    async fn resources() -> Vec<String> {
        let mut lines = Vec::new();
        let (first, second) = (Job::new("first"), Job::new("second"));
        // Both are borrowed by calls that wait, the first by two at a time.
        let (steps, (looked, other)) =
            join(first.step(3), join(worker::look(&first, 9), second.step(2))).await;
        lines.push(format!("{steps} {looked} {other}"));
        let both = Job::merge(first, second).await;
        lines.push(format!("{} {}", both.steps(), worker::look(&both, 0).await));
        lines.push(worker::finish(both).await);
        lines.push(counts());
        lines
    }

    async fn streamed_jobs(names: Vec<String>) -> Vec<String> {
        let mut lines = Vec::new();
        let mut stream = worker::jobs(names).await;
        while let Some(job) = stream.next().await {
            job.step(1).await;
            lines.push(worker::look(&job, 0).await);
            if lines.len() == 3 {
                break;
            }
        }
        drop(stream);
        others_first().await;
        lines.push(counts());
        lines
    }

    async fn readings(count: u32) -> Vec<String> {
        let mut lines = Vec::new();
        let mut stream = worker::readings(count).await;
        loop {
            let (result, read) = stream.read(Vec::with_capacity(3)).await;
            lines.extend(read.iter().map(|reading| format!("{reading:?}")));
            if result == StreamResult::Dropped {
                return lines;
            }
        }
    }

    async fn describe(count: u32) -> Vec<String> {
        let (mut writer, reader) = wit_stream::new();
        let write = async move {
            for index in 0..count {
                let values = vec![f32::from(index as u8) / 4.0; index as usize % 5];
                let note = (index % 3 == 0).then(|| "ü".to_string());
                writer.write_one(Reading { at: u64::MAX - u64::from(index), name: format!("n{index}"), values, note }).await;
            }
        };
        join(worker::describe(reader), write).await.0
    }

    async fn futures() -> Vec<String> {
        let mut lines = Vec::new();
        for (text, turns) in [("größe", 2), ("", 0), ("!no", 1), ("late", 5)] {
            lines.push(format!("{:?}", worker::later(text.into(), turns).await.await));
        }
        for value in [Ok("fine".to_string()), Err(Problem::Late(3)), Err(Problem::Unwanted("ö".into()))] {
            let (writer, reader) = wit_future::new(|| Err(Problem::Empty));
            let (line, written) = join(worker::settle(reader), writer.write(value)).await;
            lines.push(format!("{line} {}", written.is_ok()));
        }
        // A writer that goes without a value leaves the default one.
        let (writer, reader) = wit_future::new(|| Err(Problem::Empty));
        lines.push(join(worker::settle(reader), async move { drop(writer) }).await.0);
        lines
    }

    async fn own_future() -> String {
        worker::settle(worker::later("own".into(), 1).await).await
    }

    async fn passed(hops: u32, text: String) -> String {
        let (mut writer, mut reader) = wit_stream::new();
        spawn_local(async move {
            writer.write_all(text.into_bytes()).await;
        });
        for _ in 0..hops {
            reader = worker::pass(reader).await;
        }
        String::from_utf8(reader.collect().await).unwrap()
    }

    async fn left(count: u32, taken: u32) -> Vec<String> {
        let (mut stream, rest): (_, FutureReader<u32>) = worker::counting(count).await;
        let mut sum = 0;
        for _ in 0..taken {
            sum += stream.next().await.unwrap_or(1000);
        }
        drop(stream);
        vec![sum.to_string(), rest.await.to_string()]
    }
}

export!(Driver);
