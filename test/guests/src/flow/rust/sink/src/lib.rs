//! Reads bytes to their end: see `sink` in flow.wit.
use wit_bindgen::{StreamReader, StreamResult};

wit_bindgen::generate!({ world: "sink-world", path: "../../wit" });

use exports::demo::flow::sink::{Digest, Guest};

struct Sink;

const READ: usize = 65_536;

impl Guest for Sink {
    async fn digest_of(mut input: StreamReader<u8>) -> Digest {
        let (mut size, mut sum, mut word) = (0u64, 0u32, 0u32);
        let mut buffer = Vec::with_capacity(READ);
        loop {
            let (result, mut read) = input.read(buffer).await;
            for byte in &read {
                word |= u32::from(*byte) << (8 * (size % 4));
                size += 1;
                if size % 4 == 0 {
                    sum = sum.rotate_left(5) ^ word;
                    word = 0;
                }
            }
            if result == StreamResult::Dropped {
                break;
            }
            read.clear();
            buffer = read;
        }
        if size % 4 != 0 {
            sum = sum.rotate_left(5) ^ word;
        }
        Digest { size, sum: u64::from(sum) }
    }
}

export!(Sink);
