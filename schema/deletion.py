import strawberry


@strawberry.type(name="DeletePayload", description="What was removed.")
class Deleted:
    deleted_id: strawberry.ID = strawberry.field(description="The id that names nothing any more.")
