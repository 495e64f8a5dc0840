//! Meets the mischief, and says what it saw where it still can.
use futures::future::{Either, join, select};
use std::pin::pin;
use wit_bindgen::{StreamResult, yield_async};

wit_bindgen::generate!({ world: "critic-world", path: "../../wit" });

use demo::flow::mischief;

struct Critic;

async fn a_while() {
    for _ in 0..20 {
        yield_async().await;
    }
}

impl Guest for Critic {
    async fn unwritten() -> String {
        mischief::unwritten().await.await.to_string()
    }

    async fn kept() -> String {
        mischief::kept().await.await.to_string()
    }

    async fn kept_dropped() -> String {
        let value = pin!(async { mischief::kept().await.await });
        match select(value, pin!(a_while())).await {
            Either::Left((value, _)) => value.to_string(),
            Either::Right(_) => "gave up".into(),
        }
    }

    async fn breaks(count: u32) -> String {
        let mut stream = mischief::breaks(count).await;
        let mut seen = 0;
        loop {
            let (result, read) = stream.read(Vec::with_capacity(1000)).await;
            seen += read.len();
            if result == StreamResult::Dropped {
                return format!("dropped after {seen}");
            }
        }
    }

    async fn ignores(size: u32) -> String {
        let (mut writer, reader) = wit_stream::new();
        let (answer, left) = join(mischief::ignores(reader), writer.write_all(vec![1; size as usize])).await;
        format!("answer {answer}, {} left", left.len())
    }

    async fn ignores_dropped(size: u32) -> String {
        let (mut writer, reader) = wit_stream::new();
        let answer = mischief::ignores(reader).await;
        let mut write = pin!(writer.write(vec![1; size as usize]));
        match select(&mut write, pin!(a_while())).await {
            Either::Left(((result, buffer), _)) => format!("{result:?}, {} left", buffer.remaining()),
            Either::Right(((), write)) => {
                let (result, buffer) = write.as_mut().cancel();
                format!("answer {answer}, then {result:?}, {} left", buffer.remaining())
            }
        }
    }

    async fn leaves(size: u32, count: u32) -> String {
        let (mut writer, reader) = wit_stream::new();
        let (answer, left) = join(mischief::leaves(reader, count), writer.write_all(vec![1; size as usize])).await;
        format!("answer {answer}, {} left", left.len())
    }

    async fn forever() -> String {
        mischief::forever().await.to_string()
    }

    async fn forever_dropped() -> String {
        match select(pin!(mischief::forever()), pin!(a_while())).await {
            Either::Left((value, _)) => value.to_string(),
            Either::Right(_) => "gave up".into(),
        }
    }
}

export!(Critic);
