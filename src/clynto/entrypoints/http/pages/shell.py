"""What every page shares: the frame with the navigation, and the words that templates put figures with."""

from __future__ import annotations

from typing import cast

from flask import Flask, g, request

from clynto.application.queries.show_shell import ShellShown
from clynto.domain.moments import MICROS_PER_SECOND
from clynto.domain.roles import Role
from clynto.domain.stripe_links import (
    API_KEYS,
    RESTRICTED_KEY_FORM,
    WEBHOOK_SETTINGS,
    invoice_url,
    subscription_url,
)
from clynto.entrypoints.http.assets import asset_url
from clynto.entrypoints.http.current import actor, services
from clynto.entrypoints.http.pages.presenters import badges, inbox, moments, money
from clynto.entrypoints.http.pages.presenters.mrr_chart import SPARK_HEIGHT, SPARK_WIDTH, sparkline
from clynto.entrypoints.http.pages.presenters.score_chart import score_chart
from clynto.entrypoints.http.pages.told import messages

THEME_COOKIE = "clynto_theme"
THEMES = ("light", "dark")


def shell() -> ShellShown:
    """What stands around the page at hand; read once a request."""
    if "shell" not in g:
        g.shell = services().pages.show_shell(actor())
    return cast(ShellShown, g.shell)


def age(moment: int) -> str:
    """How long ago a moment in seconds was, by the product's clock."""
    return moments.age_text(moment, shell().now // MICROS_PER_SECOND)


def may(role: str) -> bool:
    """Whether who looks at the page may do what needs ``role``."""
    return actor().role.covers(Role(role))


def theme() -> str | None:
    """The theme this browser was set to by hand; None: as the system has it."""
    wanted = request.cookies.get(THEME_COOKIE)
    return wanted if wanted in THEMES else None


def larry_is_here() -> bool:
    """Whether there is anybody to ask."""
    return getattr(services(), "larry", None) is not None


def dress(app: Flask) -> None:
    """Give templates their words."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        money=money.money_text,
        money_note=money.money_note,
        signed_money=money.signed_money_text,
        grouped=lambda number: money.grouped(str(number)),
        counted=money.counted,
        in_currency=money.with_currency,
        signal_word=inbox.TYPE_WORDS.__getitem__,
        of_seconds=moments.of_seconds,
        of_micros=moments.of_micros,
        age=age,
        billed=badges.billed_text,
        payment_badge=badges.PAYMENT.get,
        stripe_badge=badges.of_stripe,
        score_badge=badges.of_score,
        indicator_badge=badges.INDICATOR.__getitem__,
        run_badge=badges.RUN.__getitem__,
        score_chart=score_chart,
        sparkline=sparkline,
    )
    app.jinja_env.globals.update(
        asset=asset_url,
        shell=shell,
        may=may,
        theme=theme,
        larry_is_here=larry_is_here,
        messages=messages,
        putting_aside_id=inbox.putting_aside_id,
        minor_money=money.minor_money_text,
        invoice_url=invoice_url,
        subscription_url=subscription_url,
        key_form=RESTRICTED_KEY_FORM,
        key_list=API_KEYS,
        webhook_settings=WEBHOOK_SETTINGS,
        spark_width=SPARK_WIDTH,
        spark_height=SPARK_HEIGHT,
    )
