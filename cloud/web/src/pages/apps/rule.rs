//! One identity rule of the form, and its steps.

use ferry_catalogue::Strength;
use ferry_ui::button::{Button, Look, icon_button};
use ferry_ui::dom::{El, Handle, IntoNode, Node, html, keyed};
use ferry_ui::icon::Icon;
use ferry_ui::reactive::{Derived, Var};
use leptos::prelude::*;
use leptos::task::{spawn_local, tick};
use web_sys::Event;

use super::draft::{self, Choice, From, Place, Rule, StepDraft, StepKind};
use super::edit::{Form, focus, place_id};

/// The longest mark, pointer or name of a cookie, in bytes, as `ferry_catalogue` has
/// it; a page's address is longer.
const LONGEST_MARK: usize = 256;
const LONGEST_PAGE: usize = 2048;

/// The rule with this key.
pub(super) fn view(form: Form, key: u32) -> El {
    let found = form
        .rules
        .with_untracked(|rules| rules.iter().find(|rule| rule.key == key).cloned());
    let Some(rule) = found else { return html::div() };
    let place = Derived::new(move || form.rules.with(|rules| position(rules, key)));
    let title = move || format!("Rule {}", place.get().unwrap_or(0) + 1);
    let first = Handle::new();
    if form.added.get_untracked() == Some(key) {
        first.focus_first();
    }
    let from = Var::new(rule.from);
    let looks = pick(
        format!("rule-{key}-from"),
        "Where to look",
        "rule-from",
        rule.from,
        None,
        move |chosen| {
            from.set(chosen);
            change(form, key, |rule| rule.from = chosen);
        },
    );
    let strength = Var::new(rule.strength);
    let names = pick(
        format!("rule-{key}-strength"),
        "Whom it names",
        "rule-strength",
        rule.strength,
        Some(format!("rule-{key}-meaning")),
        move |chosen: Strength| {
            strength.set(chosen);
            change(form, key, |rule| rule.strength = chosen);
        },
    );
    let value_label = move || match from.get() {
        From::Cookie => "Name of the cookie",
        From::CookiePrefix => "Beginning of the name",
        From::Storage => "Entry: origin, #, name",
        From::Page => "Address of the page",
        From::Probe => "Address",
    };
    let remove = icon_button(
        "remove-rule",
        Icon::Trash,
        move || format!("Remove {}", title().to_ascii_lowercase()),
        false,
        move |_| {
            form.rules.update(|rules| rules.retain(|rule| rule.key != key));
            focus("add-rule");
        },
    );
    html::fieldset()
        .class("rule")
        .test("rule")
        .attr("aria-label", title)
        .child((
            html::div()
                .class("rule-head")
                .child((html::h3().child(title), remove)),
            html::div().class("rule-fields").child((
                html::div().class("field").child(names),
                html::div().class("field").child(looks),
            )),
            html::p()
                .class("field-hint")
                .attr("id", format!("rule-{key}-meaning"))
                .child(move || strength.with(|strength| draft::meaning(*strength))),
            value(form, key, &rule, value_label, &first),
            steps(form, key),
        ))
}

fn value(
    form: Form,
    key: u32,
    rule: &Rule,
    label: impl Fn() -> &'static str + 'static,
    first: &Handle,
) -> El {
    let place = Place::RuleFrom(key);
    let id = place_id(place);
    html::div().class("field").child((
        html::label().class("label").attr("for", id.clone()).child(label),
        typed(form, place, &rule.value, LONGEST_PAGE, move |text| {
            change(form, key, |rule| rule.value = text)
        })
        .test("rule-value")
        .handle(first),
        form.fault_at(place),
    ))
}

fn steps(form: Form, key: u32) -> El {
    let keys = Derived::new(move || {
        form.rules.with(|rules| {
            let rule = rules.iter().find(|rule| rule.key == key);
            let steps = rule.iter().flat_map(|rule| &rule.steps);
            steps.map(|step| step.key).collect::<Vec<_>>()
        })
    });
    let add_id = format!("rule-{key}-add-step");
    let add = Button::new(Look::Plain, "add-step", "Add a step").on_click(move |_| {
        let step = form.key();
        change(form, key, |rule| rule.steps.push(StepDraft::new(step)));
    });
    let none = move || {
        keys.with(Vec::is_empty).then(|| {
            html::p()
                .class("soft small")
                .child("Without steps, what is found there is taken as it is.")
        })
    };
    let place = Place::RuleSteps(key);
    html::fieldset()
        .class("steps-list")
        .attr("id", place_id(place))
        .attr("tabindex", "-1")
        .child((
            html::legend().class("label").child("Steps, in order"),
            none,
            html::ol().child(keyed(
                move || keys.get(),
                move |step| step_view(form, key, step, keys),
            )),
            form.fault_at(place),
            html::div().class("actions").child(add.view().attr("id", add_id)),
        ))
}

fn step_view(form: Form, rule: u32, key: u32, keys: Derived<Vec<u32>>) -> El {
    let found = form.rules.with_untracked(|rules| {
        let rule = rules.iter().find(|one| one.key == rule)?;
        rule.steps.iter().find(|step| step.key == key).cloned()
    });
    let Some(step) = found else { return html::li() };
    let number =
        Derived::new(move || keys.with(|keys| keys.iter().position(|one| *one == key).map_or(0, |n| n + 1)));
    let kind = Var::new(step.kind);
    let place = Place::Step(key);
    let what = html::select()
        .class("input")
        .attr("id", place_id(place))
        .test("step-kind")
        .attr("aria-label", move || format!("What step {} does", number.get()))
        .attr("aria-describedby", format!("{}-error", place_id(place)))
        .on("change", move |event: Event| {
            let chosen = StepKind::named(&event_target_value(&event));
            kind.set(chosen);
            change_step(form, rule, key, |step| step.kind = chosen);
        })
        .child(options(step.kind));
    let what = if form.added.get_untracked() == Some(key) {
        let handle = Handle::new();
        handle.focus_first();
        what.handle(&handle)
    } else {
        what
    };
    let label = Derived::new(move || kind.with(|kind| kind.argument()));
    let argument = move || {
        let label = label.get()?;
        let text = form.rules.with_untracked(|rules| {
            let rule = rules.iter().find(|one| one.key == rule)?;
            let step = rule.steps.iter().find(|step| step.key == key)?;
            Some(step.argument.clone())
        });
        let example = match kind.get_untracked() {
            StepKind::Json | StepKind::JsonKeys => "/users/*/name",
            StepKind::JsonText => "/users/*",
            StepKind::Where | StepKind::Unless => "/valid=1",
            _ => "",
        };
        Some(
            html::input()
                .attr("type", "text")
                .class("input mono")
                .test("step-argument")
                .attr("aria-label", label)
                .attr(
                    "title",
                    "Write \\n for a line break, \\t for a tab, \\\\ for a backslash.",
                )
                .attr("placeholder", example)
                .attr("autocomplete", "off")
                .attr("autocapitalize", "none")
                .attr("spellcheck", "false")
                .attr("maxlength", (2 * LONGEST_MARK).to_string())
                .attr("value", text.unwrap_or_default())
                .on("input", move |event: Event| {
                    let text = event_target_value(&event);
                    change_step(form, rule, key, |step| step.argument = text);
                }),
        )
    };
    html::li().class("step-row").test("step").child((
        html::span()
            .class("step-number soft small")
            .attr("aria-hidden", "true")
            .child(move || number.get().to_string()),
        html::div().class("step-what").child((what, argument)),
        html::div()
            .class("step-order")
            .child(order(form, rule, key, number, keys)),
        form.fault_at(place),
    ))
}

/// Up, down, away.
fn order(form: Form, rule: u32, key: u32, number: Derived<usize>, keys: Derived<Vec<u32>>) -> Node {
    let mover = move |hook: &'static str, class: &'static str, words: &'static str, by: isize| {
        let id = format!("step-{key}-{class}");
        let focused = id.clone();
        let is_end = move || match by {
            ..0 => number.get() == 1,
            _ => number.get() == keys.with(Vec::len),
        };
        icon_button(
            hook,
            Icon::Back,
            move || format!("Move step {} {words}", number.get()),
            false,
            move |_| {
                if shift(form, rule, key, by) {
                    // Moved elements lose the focus.
                    let focused = focused.clone();
                    spawn_local(async move {
                        tick().await;
                        focus(&focused);
                    });
                }
            },
        )
        .attr("id", id)
        .class(format!("icon-button {class}"))
        .attr("aria-disabled", move || is_end().then_some("true"))
    };
    let remove = icon_button(
        "remove-step",
        Icon::Close,
        move || format!("Remove step {}", number.get()),
        false,
        move |_| {
            change(form, rule, |rule| rule.steps.retain(|step| step.key != key));
            focus(&format!("rule-{rule}-add-step"));
        },
    );
    (
        mover("step-up", "up", "up", -1),
        mover("step-down", "down", "down", 1),
        remove,
    )
        .into_node()
}

/// Whether the step was moved.
fn shift(form: Form, rule: u32, key: u32, by: isize) -> bool {
    let mut is_moved = false;
    change(form, rule, |rule| {
        let at = rule.steps.iter().position(|step| step.key == key);
        let to = at.and_then(|at| at.checked_add_signed(by));
        if let (Some(at), Some(to)) = (at, to.filter(|to| *to < rule.steps.len())) {
            rule.steps.swap(at, to);
            is_moved = true;
        }
    });
    is_moved
}

fn position(rules: &[Rule], key: u32) -> Option<usize> {
    rules.iter().position(|rule| rule.key == key)
}

fn change(form: Form, key: u32, change: impl FnOnce(&mut Rule)) {
    form.rules.update(|rules| {
        if let Some(rule) = rules.iter_mut().find(|rule| rule.key == key) {
            change(rule);
        }
    });
}

fn change_step(form: Form, rule: u32, key: u32, set: impl FnOnce(&mut StepDraft)) {
    change(form, rule, |rule| {
        if let Some(step) = rule.steps.iter_mut().find(|step| step.key == key) {
            set(step);
        }
    });
}

/// A labelled choice.
fn pick<C: Choice>(
    id: String,
    label: &'static str,
    hook: &'static str,
    now: C,
    described: Option<String>,
    choose: impl Fn(C) + 'static,
) -> Node {
    (
        html::label().class("label").attr("for", id.clone()).child(label),
        html::select()
            .class("input")
            .attr("id", id)
            .test(hook)
            .attr("aria-describedby", described)
            .on("change", move |event: Event| {
                choose(C::named(&event_target_value(&event)))
            })
            .child(options(now)),
    )
        .into_node()
}

fn options<C: Choice>(now: C) -> Vec<El> {
    let option = |(choice, name, words): &(C, &'static str, &'static str)| {
        html::option()
            .attr("value", *name)
            .attr("selected", *choice == now)
            .child(*words)
    };
    C::ALL.iter().map(option).collect()
}

/// A field whose text is kept in the form, not in a signal of its own.
fn typed(form: Form, place: Place, text: &str, longest: usize, write: impl Fn(String) + 'static) -> El {
    let is_wrong = move || {
        let is_here = form
            .fault
            .with(|fault| fault.as_ref().is_some_and(|fault| fault.place == place));
        is_here.then_some("true")
    };
    html::input()
        .attr("type", "text")
        .class("input mono")
        .attr("id", place_id(place))
        .attr("aria-invalid", is_wrong)
        .attr("aria-describedby", format!("{}-error", place_id(place)))
        .attr("autocomplete", "off")
        .attr("autocapitalize", "none")
        .attr("spellcheck", "false")
        .attr("maxlength", longest.to_string())
        .attr("value", text.to_owned())
        .on("input", move |event: Event| write(event_target_value(&event)))
}
