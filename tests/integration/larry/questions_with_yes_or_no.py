"""Questions on one account that are answered with yes or no, and with the figure that shows it."""

from __future__ import annotations

from tests.integration.larry.books import is_overdue
from tests.integration.larry.expecting import Case, Check, every, family, money, number, refused, said
from tests.integration.larry.questions_on_figures import owes
from tests.integration.larry.questions_on_lists import bills


def yes(*pieces: str) -> Check:
    """The first word is yes, and the rest shows why."""
    return every(number("accounts", lambda _: 1), said("Yes: ", *pieces))


def no(*pieces: str) -> Check:
    """The first word is no."""
    return every(number("accounts", lambda _: 0), said("No: ", *pieces))


def mrr(of: str) -> Check:
    """The account's exact MRR stands in the answer."""
    return money("mrr", lambda b: b.mrr(of))


CASES: list[Case] = [
    *family(
        "whether: plan",
        (
            ["is Acme on Team?", "Is acme on the team plan", 'is Acme on "Team"?', "does Acme have the Team plan?"],
            yes('on the plan "Team"', "Team x 25"),
        ),
        (["is Acme on the Enterprise plan?", 'is acme on "Enterprise"'], no('not on the plan "Enterprise"', "Team")),
        (["Is Globex billed yearly?", "does Globex pay annually?"], no("billed every year", "billed every month")),
        ("Is Pied Piper billed annually?", yes("billed every year")),
        # It is in trial, so "no" would be as wrong as "yes".
        ("is Cyberdyne on Team?", said("counts for no plan", "Team x 5")),
        ("on Business?", no('not on the plan "Business"'), "is Acme on Team?"),
        ("Is Acme on Enterprise or Team?", refused("Team")),
    ),
    *family(
        "whether: MRR",
        (
            ["is Acme's MRR above 200?", "Does acme pay more than 200", "is the MRR of Acme over $200?"],
            every(yes("$300.00"), mrr("Acme Robotics")),
        ),
        (["is acme's mrr below 300?", "Does Acme pay more than 500?"], every(no("$300.00"), mrr("Acme Robotics"))),
        ("does Globex pay more than 300 euros?", every(yes("€330.00"), mrr("Globex GmbH"))),
        ("is Globex's MRR above $300?", every(no("€330.00"), mrr("Globex GmbH"))),
        (["Is Globex paying in euros?", "does Globex pay in EUR"], yes("has MRR in EUR", "€330.00")),
        ("and Acme?", no("$300.00"), "is Globex's MRR above €300?"),
        (["is acme active?", "Is Acme an active customer?"], every(yes("$300.00"), mrr("Acme Robotics"))),
        ("is Wayne active?", no("0.00")),
    ),
    *family(
        "whether: payments",
        (["is Acme overdue?", "is acme late?", "Is Acme at risk?"], no("payment status of Acme Robotics is paid")),
        (["Is Initech overdue?", "is initech past due"], yes("payment status of Initech is overdue", "$232.00")),
        ("and Initech?", yes("$232.00"), "is Acme overdue?"),
        ("is it overdue?", no("is paid"), "Acme's MRR"),
        (["is Acme paying?", "does Acme pay?"], every(yes("is paid", "$300.00"), mrr("Acme Robotics"))),
        # Has MRR, and does not pay it.
        (["is Initech paying?", "has Initech paid?"], no("is overdue", "$232.00 is left to pay")),
    ),
    *family(
        "whether: put the other way round",
        (["isn't Acme overdue?", "Isn’t acme late?", "Acme isn't overdue, is it?"], no("of Acme Robotics is paid")),
        (["isn't Initech overdue?", "Initech is overdue, isn't it?"], yes("of Initech is overdue", "$232.00")),
        ("isn't Stark on Team?", no('not on the plan "Team"', "Business x 20")),
        (["hasn't Acme churned?", "Acme hasn't churned, has it?"], said("No: Acme Robotics has not churned.")),
        ("hasn't Wayne churned?", said("Yes: Wayne Enterprises has churned.")),
        ("is Acme not overdue?", yes("of Acme Robotics is paid")),
    ),
    *family(
        "whether: invoices",
        (
            ["Does Acme have an unpaid invoice?", "does acme have unpaid invoices", "has Acme any open invoices?"],
            every(number("invoices", lambda b: len(b.unpaid("Acme Robotics"))), said("No: Acme Robotics has no un")),
        ),
        (
            ["Does Hooli have any overdue invoices?", "doesn't Hooli have overdue invoices?"],
            every(bills("Hooli", is_overdue), said("Yes: Hooli has 3 overdue invoices")),
        ),
        (
            ["Are there any overdue invoices?", "do we have overdue invoices?"],
            said("Yes: there are 3 overdue"),
        ),
        (["Has Acme paid all its invoices?"], said("Yes: Acme Robotics has no unpaid invoices.")),
        (
            ["has Hooli paid all invoices?", "Hooli has paid all its invoices, hasn't it?"],
            said("No: Hooli has 3 "),
        ),
        ("show the unpaid invoices of Hooli", said("Hooli has 3 unpaid invoices")),
        (["does Hooli owe us anything?", "doesn't Hooli owe us money?"], every(yes("$8,100.00"), owes("Hooli"))),
        (["does Acme owe us anything?", "Acme doesn't owe us anything, does it?"], no("has nothing left to pay")),
        ("do we have any canceling subscriptions?", said("Yes: there are 2 canceling subscriptions")),
    ),
    *family(
        "whether: events",
        (["has Acme churned?", "is Acme churned?"], every(said("No: ", "$300.00"), mrr("Acme Robotics"))),
        (
            ["has Wayne churned?", "Is Wayne gone?", "when did Wayne churn?"],
            said("Yes: ", "$319.00 at the end of 30 September 2026", "14 October 2026"),
        ),
        ("has Massive Dynamic churned?", said("has no MRR, and none is recorded")),
        (["did Wayne churn in October?", "has Wayne churned this quarter?"], yes("fell by $319.00")),
        ("did Acme churn last month?", no("fell by $180.00, from $480.00")),
        ("is Stark new?", no("not new this month", "from $380.00")),
        (["Is Umbrella canceling?", "is Umbrella set to cancel?"], yes("ending on 18 February 2027")),
        ("Is Cyberdyne on trial?", yes("until 5 December 2026")),
        ("does Acme renew next month?", yes("renews on 10 December 2026")),
        ("does Acme renew this month?", no("renews on 10 December 2026")),
        ("does Acme have open signals?", yes("1 open signal")),
        ("is Acme healthy?", yes("health score of Acme Robotics is 100")),
    ),
]
