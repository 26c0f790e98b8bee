//! What a forged export answers: bytes as the canonical ABI lays them out in memory.

/// An answer under construction. Offsets are those of the contract's types on a 32-bit machine.
#[derive(Clone, Debug, Default)]
pub struct Area {
    bytes: Vec<u8>,
    /// Where an address has to be written, and of what.
    pointers: Vec<(usize, Vec<u8>)>,
}

impl Area {
    /// All zeros: `ok` of a result, none of an option, an empty list.
    pub fn zeros() -> Self {
        Self { bytes: vec![0; 256], pointers: Vec::new() }
    }

    /// A string or list of bytes.
    pub fn text(text: &str) -> Self {
        Self::zeros().list(0, text.as_bytes(), text.len() as u32)
    }

    pub fn byte(mut self, offset: usize, value: u8) -> Self {
        self.bytes[offset] = value;
        self
    }

    pub fn word(mut self, offset: usize, value: u32) -> Self {
        self.bytes[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
        self
    }

    /// A list at `offset`: the address of `content`, and `length` elements, true or not.
    pub fn list(mut self, offset: usize, content: &[u8], length: u32) -> Self {
        self.pointers.push((offset, content.to_vec()));
        self.word(offset + 4, length)
    }

    /// A list of words.
    pub fn words(self, offset: usize, values: &[u32]) -> Self {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.list(offset, &bytes, values.len() as u32)
    }

    /// Puts the answer into memory behind what is there; answers its address.
    pub(super) fn place(&self, memory: &mut Vec<u8>) -> u32 {
        align(memory);
        let start = memory.len();
        memory.extend_from_slice(&self.bytes);
        for (offset, content) in &self.pointers {
            align(memory);
            let address = memory.len() as u32;
            memory.extend_from_slice(content);
            let at = start + offset;
            memory[at..at + 4].copy_from_slice(&address.to_le_bytes());
        }
        start as u32
    }
}

fn align(memory: &mut Vec<u8>) {
    memory.resize(memory.len().next_multiple_of(16), 0);
}
