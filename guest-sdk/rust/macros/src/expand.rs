//! What the attributes add to an `impl` block.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Ident, ItemImpl};

use crate::arguments::{Arguments, Delivery};

#[derive(Clone, Copy)]
pub(crate) enum Role {
    Sink,
    Source,
    Transform,
}

impl Role {
    /// The trait's and the kind's name.
    fn title(self) -> &'static str {
        match self {
            Self::Sink => "Sink",
            Self::Source => "Source",
            Self::Transform => "Transform",
        }
    }
}

fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}

pub(crate) fn component(role: Role, arguments: &Arguments, item: &ItemImpl) -> TokenStream {
    let title = ident(role.title());
    let Some((_, path, _)) = &item.trait_ else {
        let message = format!("expected `impl {title} for …`");
        return syn::Error::new_spanned(&item.self_ty, message).into_compile_error();
    };
    if path.segments.last().is_none_or(|segment| segment.ident != title) {
        let message = format!("expected `impl {title} for …`");
        return syn::Error::new_spanned(path, message).into_compile_error();
    }

    let component = &item.self_ty;
    let module = ident(&role.title().to_lowercase());
    let guest = ident(&format!("{title}Guest"));
    let description = description(&title, arguments, component);
    let produces = &arguments.produces;
    quote! {
        #item

        impl ::kennel_sdk::glue::Component for #component {
            const PRODUCES: &'static [&'static str] = &[#(#produces),*];

            fn description() -> ::kennel_sdk::Description {
                #description
            }

            fn with_slot<R>(
                work: impl ::core::ops::FnOnce(&mut ::kennel_sdk::glue::Slot<Self>) -> R,
            ) -> R {
                ::std::thread_local! {
                    static SLOT: ::core::cell::RefCell<::kennel_sdk::glue::Slot<#component>> =
                        const { ::core::cell::RefCell::new(::kennel_sdk::glue::Slot::new()) };
                }
                SLOT.with_borrow_mut(work)
            }
        }

        // Where nothing is exported, the author's types would seem to be unused.
        #[cfg(not(target_arch = "wasm32"))]
        const _: fn() = || <#component as ::kennel_sdk::glue::Component>::with_slot(|_| ());

        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type KennelGuest = ::kennel_sdk::glue::#guest<#component>;
            ::kennel_sdk::glue::export!(#module, KennelGuest);
        };
    }
}

fn description(title: &Ident, arguments: &Arguments, component: &syn::Type) -> TokenStream {
    let Arguments {
        name,
        summary,
        accepts,
        ordered,
        heartbeat_ms,
        state_version,
        metrics,
        asks,
        delivery,
        ..
    } = arguments;
    let delivery = ident(match delivery {
        Delivery::AtLeastOnce => "AtLeastOnce",
        Delivery::Idempotent => "Idempotent",
        Delivery::Transactional => "Transactional",
    });
    let asks = asks.iter().map(|ask| {
        let crate::arguments::Ask { capability, target, reason, optional } = ask;
        quote!(::kennel_sdk::Ask {
            capability: #capability,
            target: #target,
            reason: #reason,
            optional: #optional,
        })
    });
    quote! {
        ::kennel_sdk::Description {
            name: #name,
            version: ::core::env!("CARGO_PKG_VERSION"),
            licence: ::core::env!("CARGO_PKG_LICENSE"),
            kind: ::kennel_sdk::Kind::#title,
            summary: #summary,
            config_schema: ::kennel_sdk::schemars::schema_for!(
                <#component as ::kennel_sdk::#title>::Config
            )
            .to_value(),
            accepts: &[#(#accepts),*],
            produces: <Self as ::kennel_sdk::glue::Component>::PRODUCES,
            delivery: ::kennel_sdk::Delivery::#delivery,
            ordered: #ordered,
            heartbeat_ms: #heartbeat_ms,
            state_version: #state_version,
            metrics: &[#(#metrics),*],
            asks: &[#(#asks),*],
            sdk: ::kennel_sdk::Sdk::current(),
        }
    }
}
