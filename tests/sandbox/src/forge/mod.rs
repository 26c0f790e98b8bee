//! Components made from bytes, for crimes that no bindings let an author commit: answers that lie about
//! their own length, exports that trap, tables that grow without end, a start function that never ends.
//!
//! A forged component is the shell of a built one around a core module of a few hundred bytes. It compiles in
//! milliseconds, so there can be many.

mod area;
mod module;
mod template;

use std::collections::BTreeMap;

pub use area::Area;
use module::Module;
use template::Template;

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
    bodies: BTreeMap<String, Body>,
    /// Texts of the shell and what stands there instead, of the same length.
    renamed: Vec<(String, String)>,
    pages: u64,
    start: Option<Body>,
}

impl Forgery {
    fn new(kind: &'static str) -> Self {
        let description = format!(
            r#"{{"name":"forged-{kind}","version":"0.1.0","licence":"Apache-2.0","heartbeat_ms":100}}"#
        );
        let idle = Area::zeros().byte(68, 1);
        let bodies = [
            ("describe.describe", Body::Answer(Area::text(&description))),
            ("sink.consume", Body::Consume { held: false }),
            ("source.poll", Body::Answer(idle)),
        ];
        Self {
            kind,
            bodies: bodies.map(|(export, body)| (export.to_owned(), body)).into(),
            renamed: Vec::new(),
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

    /// Made for another version of the contract, whose name is as long.
    pub fn version(self, version: &str) -> Self {
        self.rename(VERSION, version)
    }

    /// With a name of the contract changed into another of the same length.
    pub fn rename(mut self, from: &str, to: &str) -> Self {
        assert_eq!(from.len(), to.len(), "lengths are part of the bytes");
        self.renamed.push((from.to_owned(), to.to_owned()));
        self
    }

    /// The module alone, which is no component.
    pub fn core(&self) -> Vec<u8> {
        self.module(&self.template())
    }

    /// The component's bytes.
    ///
    /// # Panics
    /// When it cannot be made: a defect of the suite.
    pub fn build(&self) -> Vec<u8> {
        let template = self.template();
        let mut bytes = template.around(&self.module(&template));
        for (from, to) in &self.renamed {
            let places: Vec<_> = bytes
                .windows(from.len())
                .enumerate()
                .filter(|(_, text)| *text == from.as_bytes())
                .map(|(at, _)| at)
                .collect();
            assert!(!places.is_empty(), "{from} is not in the shell");
            for at in places {
                bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
            }
        }
        bytes
    }

    fn template(&self) -> Template {
        Template::of(match self.kind {
            "source" => "lying_source.wasm",
            "transform" => "nonsense_transform.wasm",
            _ => "nonsense_sink.wasm",
        })
    }

    fn module(&self, template: &Template) -> Vec<u8> {
        let mut module = Module::new(self.pages);
        for export in &template.exports {
            let Some((interface, function)) = export.name.split_once('#') else {
                module.helper(export);
                continue;
            };
            let interface = interface.split(['/', '@']).nth(1).unwrap_or_default();
            let body = self.bodies.get(&format!("{interface}.{function}")).cloned();
            let is_clean_up = interface.is_empty() || export.name.starts_with("cabi_post_");
            match is_clean_up {
                true => module.helper(export),
                false => module.export(export, &body.unwrap_or(Body::Answer(Area::zeros()))),
            }
        }
        module.finish(self.start.as_ref())
    }
}
