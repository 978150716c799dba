// Reads responses of the API, given as arguments, with the generated classes.
import org.openapitools.client.infrastructure.Serializer
import org.openapitools.client.models.*

fun main(args: Array<String>) {
    val json = Serializer.kotlinxSerializationJson
    val signedIn = json.decodeFromString<SignedIn>(args[0])
    val challenge = (signedIn as SignedIn.ChallengeOutputValue).value
    check(challenge.mfaRequired && challenge.challengeId.isNotEmpty())
    val invalid = json.decodeFromString<ValidationError>(args[1])
    check(invalid.codes.getValue("password") == listOf(ErrorCode.REQUIRED))
    val profile = json.decodeFromString<ProfileOutput>(args[2])
    check(profile.role == RoleEnum.USER && profile.lastName == "O'Brien")
    val error = json.decodeFromString<ApiError>(args[3])
    check(error.code == ErrorCode.INCORRECT_CREDENTIALS)
    val refused = json.decodeFromString<InvalidRequest>(args[3])
    check((refused as InvalidRequest.ApiErrorValue).value == error)
    // A field may have the name of the error's code.
    val field = json.decodeFromString<InvalidRequest>(args[4])
    check((field as InvalidRequest.ValidationErrorValue).value.codes.keys == setOf("code"))
    println("read")
}
