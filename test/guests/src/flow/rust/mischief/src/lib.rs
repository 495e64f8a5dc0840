//! What a component should not do: see `mischief` in flow.wit.
use std::cell::RefCell;
use std::future::pending;
use wit_bindgen::{FutureReader, FutureWriter, StreamReader, spawn_local};

wit_bindgen::generate!({ world: "mischief-world", path: "../../wit" });

thread_local! { static KEPT: RefCell<Vec<StreamReader<u8>>> = const { RefCell::new(Vec::new()) }; }

struct Mischief;

impl exports::demo::flow::mischief::Guest for Mischief {
    /// The bindings write the default value when a writer is dropped: the end goes, but a value comes.
    async fn unwritten() -> FutureReader<u32> {
        let (writer, reader) = wit_future::new(|| 404);
        spawn_local(async move {
            drop(writer);
        });
        reader
    }

    async fn kept() -> FutureReader<u32> {
        let (writer, reader): (FutureWriter<u32>, _) = wit_future::new(|| 404);
        std::mem::forget(writer);
        reader
    }

    async fn breaks(count: u32) -> StreamReader<u8> {
        let (mut writer, reader) = wit_stream::new();
        spawn_local(async move {
            writer.write_all(vec![7; count as usize]).await;
            panic!("as it was told");
        });
        reader
    }

    async fn ignores(input: StreamReader<u8>) -> u32 {
        KEPT.with_borrow_mut(|kept| {
            kept.push(input);
            kept.len() as u32
        })
    }

    async fn leaves(mut input: StreamReader<u8>, count: u32) -> u32 {
        let (_, read) = input.read(Vec::with_capacity(count as usize)).await;
        read.len() as u32
    }

    async fn forever() -> u32 {
        pending().await
    }
}

export!(Mischief);
