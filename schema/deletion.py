import strawberry

DELETED = "DeletePayload"


@strawberry.type(name=DELETED, description="What was removed.")
class Deleted:
    deleted_id: strawberry.ID = strawberry.field(description="The id that names nothing any more.")
