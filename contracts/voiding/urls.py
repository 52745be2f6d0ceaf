from django.urls import path

from contracts.voiding import views

urlpatterns = [
    path("void/", views.to_do, name="voids"),
    path("void/component/<uuid:component_id>/", views.propose, name="propose_void"),
    path("void/<uuid:void_id>/confirm/", views.confirm, name="void_confirm"),
    path("void/<uuid:void_id>/withdraw/", views.withdraw, name="void_withdraw"),
    path("void/<uuid:void_id>/appeal/", views.appeal, name="void_appeal"),
    path("void/<uuid:void_id>/answer/", views.answer, name="void_answer"),
]
