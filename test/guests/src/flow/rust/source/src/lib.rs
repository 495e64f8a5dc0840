//! Bytes to read: see `source` in flow.wit.
use wit_bindgen::{StreamReader, spawn_local};

wit_bindgen::generate!({ world: "source-world", path: "../../wit" });

struct Source;

impl exports::demo::flow::source::Guest for Source {
    async fn bytes(size: u64, piece: u32) -> StreamReader<u8> {
        let (mut writer, reader) = wit_stream::new();
        spawn_local(async move {
            let mut buffer = Vec::new();
            let mut at = 0;
            while at < size {
                let end = size.min(at + u64::from(piece));
                buffer.clear();
                buffer.extend((at..end).map(byte));
                at = end;
                buffer = writer.write_all(buffer).await;
                if !buffer.is_empty() {
                    break;
                }
            }
        });
        reader
    }
}

fn byte(at: u64) -> u8 {
    let word = ((at / 4) as u32).wrapping_mul(2_654_435_761);
    word.to_le_bytes()[(at % 4) as usize]
}

export!(Source);
