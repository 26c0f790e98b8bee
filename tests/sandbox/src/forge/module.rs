//! The core module inside of a forged component.

use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataSection, ExportKind, ExportSection, Function,
    FunctionSection, GlobalSection, GlobalType, InstructionSink, MemArg, MemorySection, MemoryType,
    RefType, StartSection, TableSection, TableType, TypeSection, ValType,
};

use super::template::Export;
use super::{Area, Body};

const PAGE: u32 = 64 << 10;
/// The first bytes of memory stay unused, so that an address of 0 is always wrong.
const FIRST: usize = 1024;
/// Where a batch in memory says how many messages it has: the length of its column `offsets`.
const BATCH_COUNT: u64 = 88;
/// Where a receipt has its number of handled messages, and whether they are held.
const RECEIPT_HANDLED: u64 = 8;
const RECEIPT_HELD: usize = 20;

/// A module under construction.
pub(super) struct Module {
    types: TypeSection,
    functions: FunctionSection,
    exports: ExportSection,
    code: CodeSection,
    memory: Vec<u8>,
    pages: u64,
}

impl Module {
    pub(super) fn new(pages: u64) -> Self {
        let mut module = Self {
            types: TypeSection::new(),
            functions: FunctionSection::new(),
            exports: ExportSection::new(),
            code: CodeSection::new(),
            memory: vec![0; FIRST],
            pages,
        };
        module.exports.export("memory", ExportKind::Memory, 0);
        module
    }

    fn add(&mut self, params: &[ValType], results: &[ValType], function: &Function) -> u32 {
        let index = self.functions.len();
        self.types.ty().function(params.iter().copied(), results.iter().copied());
        self.functions.function(self.types.len() - 1);
        self.code.function(function);
        index
    }

    /// An export of the contract.
    pub(super) fn export(&mut self, export: &Export, body: &Body) {
        let function = self.function(body, !export.results.is_empty());
        self.add_export(export, &function);
    }

    /// What the shell needs besides: memory for what is passed in, and cleaning up, which is left out.
    pub(super) fn helper(&mut self, export: &Export) {
        if export.name.starts_with("cabi_realloc") {
            return self.add_export(export, &realloc());
        }
        let mut function = Function::new([]);
        let mut code = function.instructions();
        for result in &export.results {
            match value(*result) {
                ValType::I64 => code.i64_const(0),
                _ => code.i32_const(0),
            };
        }
        code.end();
        self.add_export(export, &function);
    }

    fn add_export(&mut self, export: &Export, function: &Function) {
        let params: Vec<_> = export.params.iter().copied().map(value).collect();
        let results: Vec<_> = export.results.iter().copied().map(value).collect();
        let index = self.add(&params, &results, function);
        self.exports.export(&export.name, ExportKind::Func, index);
    }

    fn function(&mut self, body: &Body, answers: bool) -> Function {
        let mut function = Function::new([]);
        let mut code = function.instructions();
        match body {
            Body::Answer(area) => {
                if answers {
                    code.i32_const(area.place(&mut self.memory) as i32);
                }
            }
            Body::Trap => drop(code.unreachable()),
            Body::Loop => {
                code.loop_(BlockType::Empty).br(0).end().unreachable();
            }
            Body::GrowMemory => endlessly(&mut code, |code| {
                code.i32_const(16).memory_grow(0);
            }),
            Body::GrowTable(elements) => endlessly(&mut code, |code| {
                code.ref_null(wasm_encoder::HeapType::FUNC)
                    .i32_const(*elements as i32)
                    .table_grow(0);
            }),
            Body::GrowTableOnce(elements) => {
                let error = |text: &str| {
                    // err(invalid-config(text)).
                    Area::zeros().byte(0, 1).byte(8, 2).list(16, text.as_bytes(), text.len() as u32)
                };
                let got =
                    error("attack report: reached 1, denied 0: table").place(&mut self.memory);
                let not =
                    error("attack report: reached 0, denied 1: table").place(&mut self.memory);
                code.ref_null(wasm_encoder::HeapType::FUNC)
                    .i32_const(*elements as i32)
                    .table_grow(0);
                code.i32_const(-1).i32_eq().if_(BlockType::Result(ValType::I32));
                code.i32_const(not as i32).else_().i32_const(got as i32).end();
            }
            Body::Consume { held } => {
                let area = Area::zeros().byte(RECEIPT_HELD, u8::from(*held));
                let address = area.place(&mut self.memory) as i32;
                let at = |offset| MemArg { offset, align: 2, memory_index: 0 };
                code.i32_const(address).local_get(0).i32_load(at(BATCH_COUNT));
                code.i32_store(at(RECEIPT_HANDLED)).i32_const(address);
            }
        }
        code.end();
        function
    }

    pub(super) fn finish(mut self, start: Option<&Body>) -> Vec<u8> {
        let start = start.map(|body| {
            let function = self.function(body, false);
            self.add(&[], &[], &function)
        });
        let used = (self.memory.len() as u64).div_ceil(u64::from(PAGE));
        let (mut tables, mut memories) = (TableSection::new(), MemorySection::new());
        tables.table(TableType {
            element_type: RefType::FUNCREF,
            table64: false,
            minimum: 1,
            maximum: None,
            shared: false,
        });
        memories.memory(MemoryType {
            minimum: self.pages.max(used),
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        let (mut globals, mut data) = (GlobalSection::new(), DataSection::new());
        let heap = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
        globals.global(heap, &ConstExpr::i32_const(self.memory.len() as i32));
        data.active(0, &ConstExpr::i32_const(0), self.memory.iter().copied());
        let mut module = wasm_encoder::Module::new();
        module.section(&self.types).section(&self.functions).section(&tables);
        module.section(&memories).section(&globals).section(&self.exports);
        if let Some(function_index) = start {
            module.section(&StartSection { function_index });
        }
        module.section(&self.code).section(&data);
        module.finish()
    }
}

fn value(value: wasmparser::ValType) -> ValType {
    match value {
        wasmparser::ValType::I64 => ValType::I64,
        wasmparser::ValType::F32 => ValType::F32,
        wasmparser::ValType::F64 => ValType::F64,
        _ => ValType::I32,
    }
}

/// `step` leaves -1 when it was refused, which ends the loop badly.
fn endlessly(code: &mut InstructionSink<'_>, step: impl FnOnce(&mut InstructionSink<'_>)) {
    code.loop_(BlockType::Empty);
    step(code);
    code.i32_const(-1).i32_ne().br_if(0).end().unreachable();
}

/// Gives memory and never takes it back: `heap = align(heap) + size`, grown as needed.
fn realloc() -> Function {
    const ALIGN: u32 = 2;
    const SIZE: u32 = 3;
    const ANSWER: u32 = 4;
    let mut function = Function::new([(1, ValType::I32)]);
    let mut code = function.instructions();
    // answer = (heap + align - 1) & -align
    code.global_get(0).local_get(ALIGN).i32_add().i32_const(1).i32_sub();
    code.i32_const(0).local_get(ALIGN).i32_sub().i32_and().local_tee(ANSWER);
    // heap = answer + size
    code.local_get(SIZE).i32_add().global_set(0);
    // while memory.size * PAGE < heap: memory.grow(16)
    code.block(BlockType::Empty).loop_(BlockType::Empty);
    code.memory_size(0).i32_const(PAGE as i32).i32_mul().global_get(0).i32_ge_u().br_if(1);
    code.i32_const(16).memory_grow(0).i32_const(-1).i32_eq();
    code.if_(BlockType::Empty).unreachable().end();
    code.br(0).end().end();
    code.local_get(ANSWER).end();
    function
}
