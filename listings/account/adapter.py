"""What allauth asks the site."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from listings.notices import owe

_LONGEST_USER_AGENT = 200
_AT_SIGN_UP = "account/email/email_confirmation_signup"


class AccountAdapter(DefaultAccountAdapter):
    def is_safe_url(self, url: str) -> bool:
        """Whether a page may lead to *url*; ``http://[``, which cannot be read, it may not."""
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Who signs up is mailed one and the same way, whether the address is known or not.

        Only its holder, who reads the mail, learns that there is an account already.
        """
        if template_prefix == _AT_SIGN_UP:
            others = EmailAddress.objects.filter(email=email).exclude(user=context["user"])
            context = {
                **context,
                "has_other_account": others.exists(),
                "login_url": settings.PUBLIC_ORIGIN + reverse("account_login"),
                "reset_url": settings.PUBLIC_ORIGIN + reverse("account_reset_password"),
            }
        super().send_mail(template_prefix, email, context)

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Owes the warning that password, address or log-in security has changed.

        Through the outbox, so that a mail server that is away neither breaks the page nor
        swallows it. *email* is the address that the account has just given up.
        """
        mail = self.render_mail(
            template_prefix,
            email or user.email,
            {
                "reset_url": settings.PUBLIC_ORIGIN + reverse("account_reset_password"),
                "timestamp": timezone.now(),
                "ip": self.get_client_ip(self.request),
                "user_agent": self.get_http_user_agent(self.request)[:_LONGEST_USER_AGENT],
                **(context or {}),
            },
        )
        owe(user, mail.subject, mail.body, former_address=email or "")
