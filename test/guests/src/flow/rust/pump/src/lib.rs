//! Bytes from a source to a sink: see `pump-world` in flow.wit.
use futures::future::join;
use wit_bindgen::StreamResult;

wit_bindgen::generate!({ world: "pump-world", path: "../../wit" });

use demo::flow::{sink, source};

struct Pump;

/// Four bytes at a time: the pump shall cost little beside the components that it is used to measure.
fn words(from: u32, count: usize) -> Vec<u8> {
    (from..).take(count).flat_map(|index| index.wrapping_mul(2_654_435_761).to_le_bytes()).collect()
}

fn answer(size: u64, sum: u64) -> String {
    format!("{size} bytes, sum {sum:08x}")
}

impl Guest for Pump {
    async fn receive(size: u64, piece: u32) -> String {
        let mut stream = source::bytes(size, piece).await;
        let (mut count, mut sum) = (0u64, 0u32);
        let mut rest = Vec::new();
        loop {
            let (result, read) = stream.read(Vec::with_capacity(65_536)).await;
            count += read.len() as u64;
            rest.extend(read);
            let whole = rest.len() / 4 * 4;
            for word in rest[..whole].chunks_exact(4) {
                sum = sum.rotate_left(5) ^ u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
            }
            rest.drain(..whole);
            if result == StreamResult::Dropped {
                break;
            }
        }
        if !rest.is_empty() {
            rest.resize(4, 0);
            sum = sum.rotate_left(5) ^ u32::from_le_bytes([rest[0], rest[1], rest[2], rest[3]]);
        }
        answer(count, u64::from(sum))
    }

    async fn send(size: u64, piece: u32) -> String {
        let (mut writer, reader) = wit_stream::new();
        let write = async move {
            let mut at = 0;
            while at < size {
                let end = size.min(at + u64::from(piece));
                let skip = (at % 4) as usize;
                let count = (end.div_ceil(4) - at / 4) as usize;
                let mut bytes = words((at / 4) as u32, count);
                bytes.truncate(skip + (end - at) as usize);
                bytes.drain(..skip);
                at = end;
                if !writer.write_all(bytes).await.is_empty() {
                    break;
                }
            }
        };
        let (digest, ()) = join(sink::digest_of(reader), write).await;
        answer(digest.size, digest.sum)
    }

    async fn join(size: u64, piece: u32) -> String {
        let digest = sink::digest_of(source::bytes(size, piece).await).await;
        answer(digest.size, digest.sum)
    }
}

export!(Pump);
