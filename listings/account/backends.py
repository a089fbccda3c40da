"""Who is logged in."""

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User


class SellerTooBackend(AuthenticationBackend):
    """Brings the seller along with the user: every page's header asks whether there is one.

    So ``request.user.seller`` costs no statement, whether the person sells or not.
    """

    def get_user(self, user_id: int) -> User | None:
        user = get_user_model().objects.select_related("seller").filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None
