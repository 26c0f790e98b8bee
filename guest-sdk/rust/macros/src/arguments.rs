//! What stands in an attribute's parentheses.

use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprArray, ExprLit, Lit, Meta, Result, Token};

/// The arguments of one attribute.
pub(crate) struct Arguments {
    pub(crate) name: String,
    pub(crate) summary: String,
    pub(crate) accepts: Vec<String>,
    pub(crate) produces: Vec<String>,
    pub(crate) delivery: Delivery,
    pub(crate) ordered: bool,
    pub(crate) heartbeat_ms: u32,
    pub(crate) state_version: u32,
    pub(crate) metrics: Vec<String>,
    pub(crate) asks: Vec<Ask>,
}

#[derive(Clone, Copy)]
pub(crate) enum Delivery {
    AtLeastOnce,
    Idempotent,
    Transactional,
}

pub(crate) struct Ask {
    pub(crate) capability: String,
    pub(crate) target: String,
    pub(crate) reason: String,
    pub(crate) optional: bool,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut name = None;
        let mut arguments = Self {
            name: String::new(),
            summary: String::new(),
            accepts: Vec::new(),
            produces: Vec::new(),
            delivery: Delivery::AtLeastOnce,
            ordered: true,
            heartbeat_ms: 0,
            state_version: 0,
            metrics: Vec::new(),
            asks: Vec::new(),
        };
        let start = input.span();
        for meta in Punctuated::<Meta, Token![,]>::parse_terminated(input)? {
            let key = meta.path().get_ident().map(ToString::to_string).unwrap_or_default();
            match key.as_str() {
                "name" => name = Some(string(value(&meta)?)?),
                "summary" => arguments.summary = string(value(&meta)?)?,
                "accepts" => arguments.accepts = strings(value(&meta)?)?,
                "produces" => arguments.produces = strings(value(&meta)?)?,
                "delivery" => arguments.delivery = delivery(value(&meta)?)?,
                "ordered" => arguments.ordered = boolean(value(&meta)?)?,
                "heartbeat_ms" => arguments.heartbeat_ms = number(value(&meta)?)?,
                "state_version" => arguments.state_version = number(value(&meta)?)?,
                "metrics" => arguments.metrics = strings(value(&meta)?)?,
                "asks" => arguments.asks.extend(asks(&meta)?),
                _ => {
                    return Err(Error::new(
                        meta.path().span(),
                        "unknown argument; known are name, summary, accepts, produces, delivery, ordered, \
                         heartbeat_ms, state_version, metrics and asks(capability = \"target\", reason = \"…\")",
                    ));
                }
            }
        }
        arguments.name = name.ok_or_else(|| Error::new(start, "name = \"…\" is missing"))?;
        Ok(arguments)
    }
}

fn value(meta: &Meta) -> Result<&Expr> {
    Ok(&meta.require_name_value()?.value)
}

fn literal(expression: &Expr) -> Result<&Lit> {
    match expression {
        Expr::Lit(ExprLit { lit, .. }) => Ok(lit),
        other => Err(Error::new(other.span(), "expected a literal")),
    }
}

fn string(expression: &Expr) -> Result<String> {
    match literal(expression)? {
        Lit::Str(text) => Ok(text.value()),
        other => Err(Error::new(other.span(), "expected a string")),
    }
}

fn boolean(expression: &Expr) -> Result<bool> {
    match literal(expression)? {
        Lit::Bool(value) => Ok(value.value),
        other => Err(Error::new(other.span(), "expected true or false")),
    }
}

fn number(expression: &Expr) -> Result<u32> {
    match literal(expression)? {
        Lit::Int(value) => value.base10_parse(),
        other => Err(Error::new(other.span(), "expected a whole number")),
    }
}

fn strings(expression: &Expr) -> Result<Vec<String>> {
    match expression {
        Expr::Array(ExprArray { elems, .. }) => elems.iter().map(string).collect(),
        other => Err(Error::new(other.span(), "expected a list of strings: [\"…\"]")),
    }
}

fn delivery(expression: &Expr) -> Result<Delivery> {
    match string(expression)?.as_str() {
        "at-least-once" => Ok(Delivery::AtLeastOnce),
        "idempotent" => Ok(Delivery::Idempotent),
        "transactional" => Ok(Delivery::Transactional),
        _ => Err(Error::new(
            expression.span(),
            "expected \"at-least-once\", \"idempotent\" or \"transactional\"",
        )),
    }
}

/// `asks(http = "…", tcp = "…", reason = "…")`: each capability with the one reason. The word `optional`
/// beside them says that the component also works without.
fn asks(meta: &Meta) -> Result<Vec<Ask>> {
    let list = meta.require_list()?;
    let mut targets = Vec::new();
    let mut reason = None;
    let mut optional = false;
    for meta in list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)? {
        if matches!(&meta, Meta::Path(path) if path.is_ident("optional")) {
            optional = true;
            continue;
        }
        let text = string(value(&meta)?)?;
        match meta.path().require_ident()?.to_string().as_str() {
            "reason" => reason = Some(text),
            capability => targets.push((capability.to_owned(), text)),
        }
    }
    let reason = reason.ok_or_else(|| {
        Error::new(list.span(), "reason = \"…\" is missing: the operator reads it when granting")
    })?;
    if targets.is_empty() {
        return Err(Error::new(
            list.span(),
            "no capability: expected for example http = \"config:/url\"",
        ));
    }
    let ask = |(capability, target)| Ask { capability, target, reason: reason.clone(), optional };
    Ok(targets.into_iter().map(ask).collect())
}
