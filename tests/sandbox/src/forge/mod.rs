//! Components made from bytes, for crimes that no bindings let an author commit: answers that lie about
//! their own length, exports that trap, tables that grow without end, a start function that never ends.
//!
//! A forged component is a core module of a few hundred bytes, wrapped for one of the contract's worlds.
//! It compiles in milliseconds, so there can be many.

mod area;
mod module;

use std::collections::BTreeMap;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::abi::AbiVariant;
use wit_parser::{PackageId, Resolve, WorldId, WorldItem};

pub use area::Area;
use module::{Export, Module};

/// The contract.
const WIT: &str = include_str!("../../../../wit/0.1/connector.wit");
const VERSION: &str = "0.1.0-rc.1";

/// What an exported function does.
#[derive(Clone, Debug)]
pub enum Body {
    /// Answers with this.
    Answer(Area),
    /// Ends badly.
    Trap,
    /// Never ends.
    Loop,
    /// Asks for another 16 pages of memory, for ever.
    GrowMemory,
    /// Asks for another so many table elements, for ever.
    GrowTable(u32),
    /// Asks for so many table elements once and reports, as an error, whether it got them.
    GrowTableOnce(u32),
    /// `sink.consume` only: handles all, and holds them if this says so.
    Consume {
        /// Whether `flush` has to make them durable.
        held: bool,
    },
}

/// A component to be forged.
#[derive(Clone, Debug)]
pub struct Forgery {
    kind: &'static str,
    wit: String,
    world: String,
    bodies: BTreeMap<String, Body>,
    pages: u64,
    start: Option<Body>,
}

impl Forgery {
    fn new(kind: &'static str) -> Self {
        let description = format!(
            r#"{{"name":"forged-{kind}","version":"0.1.0","licence":"Apache-2.0","heartbeat_ms":100}}"#
        );
        let idle = Area::zeros().byte(8 + 60, 1);
        let bodies = [
            ("describe.describe", Body::Answer(Area::text(&description))),
            ("sink.consume", Body::Consume { held: false }),
            ("source.poll", Body::Answer(idle)),
        ];
        Self {
            kind,
            wit: WIT.to_owned(),
            world: format!("{kind}-guest"),
            bodies: bodies.map(|(export, body)| (export.to_owned(), body)).into(),
            pages: 4,
            start: None,
        }
    }

    /// A sink that takes everything.
    pub fn sink() -> Self {
        Self::new("sink")
    }

    /// A source that has nothing.
    pub fn source() -> Self {
        Self::new("source")
    }

    /// A transform that drops everything.
    pub fn transform() -> Self {
        Self::new("transform")
    }

    /// `sink`, `source` or `transform`.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// What `export`, for example `sink.consume`, does instead.
    pub fn with(mut self, export: &str, body: Body) -> Self {
        self.bodies.insert(export.to_owned(), body);
        self
    }

    /// What `export` answers.
    pub fn answer(self, export: &str, area: Area) -> Self {
        self.with(export, Body::Answer(area))
    }

    /// The first size of its memory, in pages of 64 KiB.
    pub fn pages(mut self, pages: u64) -> Self {
        self.pages = pages;
        self
    }

    /// Something that runs when it is instantiated.
    pub fn start(mut self, body: Body) -> Self {
        self.start = Some(body);
        self
    }

    /// Made for another version of the contract.
    pub fn version(mut self, version: &str) -> Self {
        self.wit = self.wit.replace(VERSION, version);
        self
    }

    /// With these exports alone, in words of WIT.
    pub fn world(mut self, exports: &str) -> Self {
        self.world = "forged".to_owned();
        self.wit.push_str(&format!("world forged {{ {exports} }}\n"));
        self
    }

    /// Made for a contract of its own.
    pub fn wit(mut self, wit: &str, world: &str) -> Self {
        self.wit = wit.to_owned();
        self.world = world.to_owned();
        self
    }

    /// The module alone, which is no component.
    pub fn core(&self) -> Vec<u8> {
        self.module(&self.resolve())
    }

    /// The component's bytes.
    ///
    /// # Panics
    /// When it cannot be made: a defect of the suite.
    pub fn build(&self) -> Vec<u8> {
        let contract = self.resolve();
        let mut bytes = self.module(&contract);
        embed_component_metadata(&mut bytes, &contract.0, contract.1, StringEncoding::UTF8)
            .unwrap();
        // Validation is what the host has to do.
        let mut encoder = ComponentEncoder::default().validate(false);
        encoder = encoder.module(&bytes).unwrap();
        encoder.encode().unwrap()
    }

    fn resolve(&self) -> (Resolve, WorldId) {
        let mut resolve = Resolve::default();
        let package: PackageId = resolve.push_str("contract.wit", &self.wit).unwrap();
        let world = resolve.select_world(&[package], Some(&self.world)).unwrap();
        (resolve, world)
    }

    fn module(&self, (resolve, world): &(Resolve, WorldId)) -> Vec<u8> {
        let mut module = Module::new(self.pages);
        for (key, item) in &resolve.worlds[*world].exports {
            let WorldItem::Interface { id, .. } = item else { continue };
            let interface = &resolve.interfaces[*id];
            let full = resolve.name_world_key(key);
            for function in interface.functions.values() {
                let short =
                    format!("{}.{}", interface.name.as_deref().unwrap_or_default(), function.name);
                let signature = resolve.wasm_signature(AbiVariant::GuestExport, function);
                let body = self.bodies.get(&short).cloned();
                module.export(&Export {
                    name: format!("{full}#{}", function.name),
                    signature,
                    body: body.unwrap_or_else(|| Body::Answer(Area::zeros())),
                });
            }
        }
        module.finish(self.start.as_ref())
    }
}
